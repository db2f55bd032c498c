//! Where to connect to, out of a url or of `host:port`.

use std::fmt;

use http::Uri;

use crate::plan::HttpRequest;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A text that is no address or url to ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {why}")]
pub struct BadAddress {
    text: String,
    why: &'static str,
}

impl Address {
    /// Reads `host:port`; an IPv6 address stands in brackets.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let bad = |why| BadAddress { text: text.to_owned(), why };
        let (host, port) = text.trim().rsplit_once(':').ok_or_else(|| bad("has no port"))?;
        let port = port.parse().ok().filter(|port| *port > 0);
        let port = port.ok_or_else(|| bad("has no port from 1 to 65535"))?;
        let host = match host.strip_prefix('[') {
            Some(host) => host.strip_suffix(']').ok_or_else(|| bad("has an open bracket"))?,
            None if host.contains(':') => {
                return Err(bad("has an IPv6 address without brackets, as in `[::1]:80`"));
            }
            None => host,
        };
        if host.is_empty() || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(bad("names no host"));
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Where a request goes, and what is asked for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What the stream must lead to.
    pub address: Address,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Host and port as the url has them: the `Host` header.
    pub authority: String,
    /// Path and query.
    pub path: String,
}

impl Target {
    /// Reads the url of a request: `http://` or `https://`, without a user.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(request: &HttpRequest) -> Result<Self, BadAddress> {
        let bad = |why| BadAddress { text: request.url.clone(), why };
        let url: Uri = request.url.parse().map_err(|_| bad("is no url"))?;
        let tls = match url.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad("begins with neither `http://` nor `https://`")),
        };
        let authority = url.authority().ok_or_else(|| bad("names no host"))?;
        if authority.as_str().contains('@') {
            // Where a url is shown, so would the password be.
            let why = "has a user in it; send an `authorization` header instead";
            return Err(BadAddress { text: authority.host().to_owned(), why });
        }
        let default = if tls { 443 } else { 80 };
        let port = match authority.port() {
            Some(port) => port.as_u16(),
            None if authority.as_str().ends_with(':') || authority.as_str() == authority.host() => {
                default
            }
            None => return Err(bad("has no port from 1 to 65535")),
        };
        let host = authority.host();
        let address = Address::parse(&format!("{host}:{port}"))
            .map_err(|error| BadAddress { text: request.url.clone(), ..error })?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self { address, tls, authority: authority.to_string(), path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<Target, BadAddress> {
        Target::of(&HttpRequest {
            method: "GET".to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
            ca: None,
        })
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, host, port) in
            [("db1:5432", "db1", 5432), ("[::1]:80", "::1", 80), ("10.0.0.7:1", "10.0.0.7", 1)]
        {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port));
            assert_eq!(address.to_string(), text);
        }
        for wrong in ["db1", "db1:", "db1:0", "db1:70000", "::1:80", ":80", "[::1:80", "a b:1"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_leads_to_a_host_a_port_and_a_path() {
        let target = of("http://localhost:8080/api/health?full=1").unwrap();
        assert_eq!(target.address.to_string(), "localhost:8080");
        assert_eq!((target.tls, target.authority.as_str()), (false, "localhost:8080"));
        assert_eq!(target.path, "/api/health?full=1");
        let target = of("https://app.example.org").unwrap();
        assert_eq!((target.address.port, target.path.as_str()), (443, "/"));
        let target = of("http://[::1]:81/x").unwrap();
        assert_eq!((target.address.host.as_str(), target.authority.as_str()), ("::1", "[::1]:81"));
        assert_eq!(of("http://[::1]/").unwrap().address.to_string(), "[::1]:80");
    }

    #[test]
    fn anything_else_is_refused_and_a_password_never_repeated() {
        for wrong in [
            "ftp://a/",
            "a/b",
            "",
            "http://",
            "http://a b/",
            "unix:///x",
            "http://a:0/",
            "http://a:99999/",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
        let error = of("https://ada:hunter2@app.example.org/").unwrap_err().to_string();
        assert!(error.contains("authorization") && !error.contains("hunter2"));
    }
}
