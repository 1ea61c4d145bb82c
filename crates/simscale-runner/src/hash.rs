//! SHA-256 of files and texts in hexadecimal digits, so that a manifest's hashes can be checked with `sha256sum`.

use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// The hash of everything a reader yields.
pub fn of_reader(mut reader: impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The hash of a text.
pub fn of_text(text: &str) -> String {
    of_reader(text.as_bytes()).expect("memory can be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of FIPS 180-4, one of them in many pieces.
    #[test]
    fn hashes_are_the_published_ones() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((of_text(""), of_text("abc")), (empty.to_string(), abc.to_string()));
        let million = of_reader(io::repeat(b'a').take(1_000_000)).unwrap();
        assert_eq!(million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
}
