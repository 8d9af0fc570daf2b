//! The one way out: every refusal and error becomes an RFC 9457 problem.
//!
//! A caller must not learn from an answer whether something exists that is not theirs. So the
//! words are fixed per kind, a foreign thing and an absent thing get the same answer, and what
//! really happened goes to the audit trail and the log, never into the body.

mod convert;

use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

const TYPE_BASE: &str = "https://tenantshield.dev/problems/";
pub(crate) const PRIVATE_NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Names one request in answers, logs and evidence; shown as `urn:uuid:…`.
///
/// # Security
/// The layer draws a fresh one unless the server put one into the request's extensions; it is
/// never read from a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Uuid);

impl RequestId {
    /// Draws a fresh one.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Takes one that the server's own code has drawn.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The id.
    pub const fn uuid(&self) -> Uuid {
        self.0
    }
}

/// An answer that refuses or fails, as RFC 9457 has it.
///
/// # Shape
/// Two problems of one kind are equal in status, header names and body, except for `instance`.
/// Every problem carries `Content-Type` and `Cache-Control: private, no-store`; 401 adds
/// `WWW-Authenticate`, 429 adds `Retry-After`.
///
/// # Source
/// [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)
///
/// # Examples
/// ```
/// use tenantshield_tower::Problem;
///
/// let response = Problem::not_found().into_http();
/// assert_eq!(response.status(), 404);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Problem {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    code: &'static str,
    retry_after: Option<Duration>,
    request: RequestId,
}

impl Problem {
    /// 404 for whatever is absent or not the caller's.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "not found",
            "TS-HTTP-404",
        )
    }

    /// 401 for a credential that is absent or not valid.
    pub fn unauthorized() -> Self {
        let title = "a valid credential is needed";
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            title,
            "TS-HTTP-401",
        )
    }

    /// 401 for a request that names no tenant where one is needed.
    pub fn tenant_missing() -> Self {
        let title = "a tenant is needed";
        Self::new(
            StatusCode::UNAUTHORIZED,
            "tenant-missing",
            title,
            "TS-HTTP-402",
        )
    }

    /// 403 for a member who may not do this.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "not allowed",
            "TS-HTTP-403",
        )
    }

    /// 403 for a verified member of a tenant that is suspended.
    pub fn suspended() -> Self {
        let title = "the tenant is suspended";
        Self::new(
            StatusCode::FORBIDDEN,
            "tenant-suspended",
            title,
            "TS-HTTP-405",
        )
    }

    /// 400 for a malformed request, with the stable code of what is malformed.
    pub fn bad_request(code: &'static str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "the request is malformed",
            code,
        )
    }

    /// 429 for a tenant or principal that has used up its quota.
    ///
    /// # Units
    /// Seconds in `Retry-After`, rounded up, at least one.
    pub fn quota_exceeded(retry_after: Option<Duration>) -> Self {
        let title = "the quota is used up";
        let new = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "quota-exceeded",
            title,
            "TS-HTTP-429",
        );
        Self {
            retry_after: Some(retry_after.unwrap_or(Duration::from_secs(1))),
            ..new
        }
    }

    /// 503 for a part that does not answer; the request is refused because of it.
    pub fn unavailable() -> Self {
        let title = "temporarily unavailable";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            title,
            "TS-HTTP-503",
        )
    }

    /// 500 without details.
    pub fn internal() -> Self {
        let title = "something went wrong";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            title,
            "TS-HTTP-500",
        )
    }

    /// 500 for a program that is set up wrongly, with a code that its owner can look up.
    pub fn misconfigured(code: &'static str) -> Self {
        let title = "the service is set up wrongly";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "configuration",
            title,
            code,
        )
    }

    /// Names the request that it answers.
    pub fn with_request_id(mut self, request: RequestId) -> Self {
        self.request = request;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code in the body.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The URI of its kind.
    pub fn kind_uri(&self) -> String {
        format!("{TYPE_BASE}{}", self.slug)
    }

    /// The request that it answers.
    pub fn request_id(&self) -> RequestId {
        self.request
    }

    /// The whole response, for any HTTP library.
    pub fn into_http(self) -> Response<Bytes> {
        let document = Document {
            kind: self.kind_uri(),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            instance: self.request.0.urn().to_string(),
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, PRIVATE_NO_STORE);
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }

    fn new(
        status: StatusCode,
        slug: &'static str,
        title: &'static str,
        code: &'static str,
    ) -> Self {
        Self {
            status,
            slug,
            title,
            code,
            retry_after: None,
            request: RequestId::random(),
        }
    }
}

#[derive(Serialize)]
struct Document {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    instance: String,
}

/// A client that comes back after this many seconds does not come too early.
fn whole_seconds(wait: Duration) -> u64 {
    let partial = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(partial).max(1)
}

#[cfg(feature = "axum")]
impl axum::response::IntoResponse for Problem {
    fn into_response(self) -> axum::response::Response {
        self.into_http().map(axum::body::Body::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_never_too_early() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1001)), 2);
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }

    /// HTTP-P1.
    #[test]
    fn two_problems_of_one_kind_differ_only_in_instance() {
        let one = Problem::not_found().into_http();
        let two = Problem::not_found().into_http();
        assert_eq!(one.headers(), two.headers());
        let strip = |response: Response<Bytes>| {
            let mut json: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            let instance = json.as_object_mut().unwrap().remove("instance").unwrap();
            assert!(instance.as_str().unwrap().starts_with("urn:uuid:"));
            (json, response.body().len())
        };
        assert_eq!(strip(one), strip(two));
    }
}
