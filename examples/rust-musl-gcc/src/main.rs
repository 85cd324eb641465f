//! Greets whoever is named on the command line. The trap is in `.cargo/config.toml`.

fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| "world".to_owned());
    println!("hello, {name}");
}
