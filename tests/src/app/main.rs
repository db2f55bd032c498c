//! The application that the stacks of the lab run, linked without any library so that it needs
//! no base image. `VERSION` is the release, `LISTEN` the address.
//!
//! `v1` is good; `v2` starts, answers, and says 503 at `/api/health`; `v3` ends at once. A status
//! in the file `/state/health` is answered instead, so that a test can change it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

fn main() {
    let version = std::env::var("VERSION").unwrap_or_default();
    if version == "v3" {
        eprintln!("app v3: cannot read the schema: relation \"orders\" does not exist");
        std::process::exit(1);
    }
    let listener = TcpListener::bind(std::env::var("LISTEN").expect("LISTEN is set"))
        .expect("the address of the stack is free");
    println!("app {version}: listening");
    for stream in listener.incoming().flatten() {
        let version = version.clone();
        std::thread::spawn(move || answer(stream, &version));
    }
}

fn answer(mut stream: TcpStream, version: &str) {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(length) if length > 0 && head.len() < 16 * 1024 => head.extend(&piece[..length]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head);
    let status = match head.split(' ').nth(1) {
        Some("/api/alive" | "/api/version") => 200,
        Some("/api/health") => health(version),
        _ => 404,
    };
    let body = format!("{{\"version\":\"{version}\",\"status\":{status}}}\n");
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

fn health(version: &str) -> u16 {
    let told = std::fs::read_to_string("/state/health").ok();
    let told = told.and_then(|text| text.trim().parse().ok());
    told.unwrap_or(if version == "v1" { 200 } else { 503 })
}
