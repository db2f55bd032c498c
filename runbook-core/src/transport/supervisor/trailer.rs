//! Finds where an output ends: everything before the token is the program's, the rest of that line
//! is the supervisor's. Knows nothing of channels.

/// Cuts one stream at its token, however the bytes are chunked.
#[derive(Debug)]
pub(super) struct Cutter {
    token: Vec<u8>,
    /// The end of what came so far, while it may be the beginning of the token.
    held: Vec<u8>,
    /// What came after the token.
    line: Option<Vec<u8>>,
}

impl Cutter {
    /// Waits for this token.
    pub(super) fn new(token: &str) -> Self {
        Self { token: token.as_bytes().to_vec(), held: Vec::new(), line: None }
    }

    /// Takes the next bytes and hands on those that are certainly the program's.
    pub(super) fn push(&mut self, bytes: &[u8], mut program: impl FnMut(&[u8])) {
        if let Some(line) = &mut self.line {
            line.extend_from_slice(bytes);
            return;
        }
        if self.held.is_empty() {
            self.cut(bytes, &mut program);
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(bytes);
            self.cut(&joined, &mut program);
        }
    }

    fn cut(&mut self, bytes: &[u8], program: &mut impl FnMut(&[u8])) {
        let mut from = 0;
        while let Some(found) = bytes[from..].iter().position(|b| *b == self.token[0]) {
            let at = from + found;
            let rest = &bytes[at..];
            if rest.starts_with(&self.token) {
                hand_on(&bytes[..at], program);
                self.line = Some(rest[self.token.len()..].to_vec());
                return;
            }
            if self.token.starts_with(rest) {
                hand_on(&bytes[..at], program);
                self.held = rest.to_vec();
                return;
            }
            from = at + 1;
        }
        hand_on(bytes, program);
    }

    /// The rest of the token's line, once all of it is there.
    pub(super) fn trailer(&self) -> Option<&str> {
        let line = self.line.as_ref()?;
        let end = line.iter().position(|b| *b == b'\n')?;
        std::str::from_utf8(&line[..end]).ok().map(str::trim)
    }

    /// Whether something follows the token's line: nobody but the supervisor should write there.
    pub(super) fn is_clean(&self) -> bool {
        self.line.as_ref().is_some_and(|line| {
            line.iter().position(|b| *b == b'\n').is_some_and(|end| end + 1 == line.len())
        })
    }
}

fn hand_on(bytes: &[u8], program: &mut impl FnMut(&[u8])) {
    if !bytes.is_empty() {
        program(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]]) -> (Vec<u8>, Option<String>) {
        let mut cutter = Cutter::new("~~ab");
        let mut output = Vec::new();
        for chunk in chunks {
            cutter.push(chunk, |bytes| output.extend_from_slice(bytes));
        }
        (output, cutter.trailer().map(str::to_owned))
    }

    #[test]
    fn the_token_is_found_wherever_the_chunks_end() {
        let whole = b"one ~~a ~ ~~~~ab 0 ran 0\n";
        for first in 0..=whole.len() {
            for second in first..=whole.len() {
                let (output, trailer) =
                    cut(&[&whole[..first], &whole[first..second], &whole[second..]]);
                assert_eq!(output, b"one ~~a ~ ~~", "{first} {second}");
                assert_eq!(trailer.as_deref(), Some("0 ran 0"), "{first} {second}");
            }
        }
    }

    #[test]
    fn without_the_end_of_the_line_there_is_no_trailer() {
        assert_eq!(cut(&[b"x~~ab 0 ra"]), (b"x".to_vec(), None));
        assert_eq!(cut(&[b"x~~a"]), (b"x".to_vec(), None));
    }
}
