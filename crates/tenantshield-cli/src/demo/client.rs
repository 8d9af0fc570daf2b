//! A small HTTP client: one connection for each request, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::fault::Fault;
use super::token::{Credential, Person};

const PATIENCE: Duration = Duration::from_secs(5);

/// A request, before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, &'static str)>,
    host: Option<&'static str>,
    body: Option<Value>,
    pub(crate) credential: Credential,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) header_names: Vec<String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Call {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            host: None,
            body: None,
            credential: Credential::Honest(Person::Mallory),
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path).with_body(body)
    }

    pub(crate) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PATCH, path).with_body(body)
    }

    pub(crate) fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path).with_body(body)
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Adds a query parameter; `{folder}` in it becomes the product's folder.
    pub(crate) fn with_query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn with_host(mut self, host: &'static str) -> Self {
        self.host = Some(host);
        self
    }

    pub(crate) fn with(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    pub(crate) fn by(self, person: Person) -> Self {
        self.with(Credential::Honest(person))
    }

    /// The tenant whose member sends this call, for an honest one.
    pub(crate) const fn tenant(&self) -> &'static str {
        match self.credential {
            Credential::Honest(person) => person.tenant(),
            _ => super::seed::OWN,
        }
    }

    fn target(&self, folder: &str) -> String {
        let mut target = self.path.clone();
        for (n, (name, value)) in self.query.iter().enumerate() {
            target.push(if n == 0 { '?' } else { '&' });
            target.push_str(name);
            target.push('=');
            target.push_str(&percent_encoded(&value.replace("{folder}", folder)));
        }
        target
    }
}

/// Sends a call and gives back the answer while its body is still coming.
pub(crate) async fn open(
    address: SocketAddr,
    folder: &str,
    token: &str,
    call: &Call,
) -> Result<Response<Incoming>, Fault> {
    let host = call.host.unwrap_or("localhost");
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(call.target(folder))
        .header("host", format!("{host}:{}", address.port()))
        .header("authorization", format!("Bearer {token}"));
    for (name, value) in &call.headers {
        request = request.header(*name, *value);
    }
    let body = match &call.body {
        None => Full::new(Bytes::new()),
        Some(body) => {
            request = request.header("content-type", "application/json");
            Full::new(Bytes::from(body.to_string()))
        }
    };
    let request = request
        .body(body)
        .map_err(|e| Fault::new("build a request", e))?;
    let exchange = async {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|e| Fault::new("connect", e))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| Fault::new("speak to the product", e))?;
        // The connection ends with its answer; an error of it shows in the answer.
        tokio::spawn(async move { drop(connection.await) });
        sender
            .send_request(request)
            .await
            .map_err(|e| Fault::new("send a request", e))
    };
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .map_err(|e| Fault::new("wait for an answer", e))?
}

/// Reads the rest of an answer.
pub(crate) async fn finish(response: Response<Incoming>) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let mut header_names: Vec<String> =
        response.headers().keys().map(ToString::to_string).collect();
    header_names.sort_unstable();
    let body = tokio::time::timeout(PATIENCE, response.into_body().collect())
        .await
        .map_err(|e| Fault::new("wait for a body", e))?
        .map_err(|e| Fault::new("read a body", e))?
        .to_bytes();
    Ok(Answer {
        status,
        header_names,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    });
    encoded.collect()
}
