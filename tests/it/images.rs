//! Are images read as runtimes read them, is what starts in them told from what does not, and is what is hostile refused?

mod formats; // Are all forms of archives read alike?
mod hostile; // Is a hostile archive refused by name, and nothing left behind?
mod make;
mod platforms; // Does what an image starts match what its index declares?
mod policy; // Does the policy hold for what it names, and leave the rest in peace?
mod starts; // Is the verdict that of the kernel and the loaders?
