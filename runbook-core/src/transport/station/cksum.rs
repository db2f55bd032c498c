//! The CRC of POSIX `cksum`, for hosts without `sha256sum`.

/// What `cksum` prints of these bytes: the CRC and the length.
pub(super) fn cksum(bytes: &[u8]) -> String {
    let mut length = bytes.len();
    let tail = std::iter::from_fn(|| {
        let byte = u8::try_from(length & 0xff).ok().filter(|_| length > 0)?;
        length >>= 8;
        Some(byte)
    });
    let crc = bytes.iter().copied().chain(tail).fold(0_u32, step);
    format!("{} {}", !crc, bytes.len())
}

fn step(crc: u32, byte: u8) -> u32 {
    const POLYNOMIAL: u32 = 0x04c1_1db7;
    (0..8).fold(crc ^ (u32::from(byte) << 24), |crc, _| {
        if crc & 0x8000_0000 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL }
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_what_cksum_prints() {
        assert_eq!(super::cksum(b""), "4294967295 0");
        assert_eq!(super::cksum(b"123456789"), "930766865 9");
    }
}
