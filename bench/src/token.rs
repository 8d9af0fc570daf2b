//! What a bearer token costs when it was seen before, beside verifying it again.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, encode};
use serde::{Deserialize, Serialize};
use tenantshield::tower::{
    JwtAlgorithm, JwtIssuer, JwtKey, JwtOptions, JwtResolver, Resolver as _,
};

use crate::failure::BoxError;
use crate::measure::{Effort, beside};
use crate::row::Row;

#[derive(Deserialize, Serialize)]
struct Body {
    iss: String,
    aud: String,
    sub: String,
    tenant_id: String,
    iat: u64,
    exp: u64,
}

/// The rows of a verified token.
pub(crate) fn rows(effort: Effort) -> Result<Vec<Row>, BoxError> {
    let secret = [7_u8; 32];
    let token = token(&secret)?;
    let issuer = JwtIssuer::new(
        ISSUER,
        AUDIENCE,
        JwtAlgorithm::Hs256,
        JwtKey::hmac(&secret)?,
    )?;
    let options = JwtOptions::new().with_issuer(issuer.with_all_tenants())?;
    let resolver = JwtResolver::new(options)?;
    let request = http::Request::builder()
        .uri("/orders")
        .header("authorization", format!("Bearer {token}"))
        .body(())?;
    let (parts, ()) = request.into_parts();
    let resolve = || match pin!(resolver.resolve(black_box(&parts)))
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(Ok(claims)) => !claims.is_empty(),
        Poll::Ready(Err(_)) | Poll::Pending => false,
    };
    if !resolve() {
        return Err("the token is not believed".into());
    }
    let key = DecodingKey::from_secret(&secret);
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    let verify =
        || jsonwebtoken::decode::<Body>(black_box(token.as_str()), &key, &validation).is_ok();
    if !verify() {
        return Err("the floor does not verify the token".into());
    }
    let (warm, floor) = beside(effort, 200, resolve, verify);
    Ok(vec![Row::bounded(
        "warm JWT resolution",
        warm,
        "jsonwebtoken verify (HS256)",
        floor,
        500.0,
    )])
}

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "bench";

fn token(secret: &[u8]) -> Result<String, BoxError> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let now = u64::try_from(now.tv_sec)?;
    let body = Body {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: "alice".to_owned(),
        tenant_id: "1".to_owned(),
        iat: now,
        exp: now + 3_600,
    };
    let header = Header::new(Algorithm::HS256);
    Ok(encode(&header, &body, &EncodingKey::from_secret(secret))?)
}
