//! The base that starting a program is measured against: as little as a static Rust program can do.

fn main() {
    println!("hello");
}
