//! An axum service over sqlx with signed tokens. No query names a tenant.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use sqlx::Sqlite;
use tenantshield::sqlx::Db;
use tenantshield::tower::{
    JwtAlgorithm, JwtIssuer, JwtKey, JwtOptions, JwtResolver, OnMissingTenant, Problem, Tenant,
    TenantLayer,
};
use tenantshield::{AllowAll, Clock, Principal, PrincipalId, Shield, SystemClock};
use tenantshield_examples::{BoxError, directory, guarded, shop};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "orders";
const SECRET: &[u8] = b"an example's secret of thirty-two bytes";

async fn totals(
    State(db): State<Db<Sqlite>>,
    Tenant(tenant): Tenant,
) -> Result<Json<Vec<i64>>, Problem> {
    let db = db.scope(&tenant);
    let totals = sqlx::query_scalar("SELECT total FROM orders ORDER BY id")
        .fetch_all(&db)
        .await?;
    Ok(Json(totals))
}

async fn order(
    State(db): State<Db<Sqlite>>,
    Tenant(tenant): Tenant,
    Path(id): Path<i64>,
) -> Result<Json<i64>, Problem> {
    let db = db.scope(&tenant);
    // A row of another tenant is not found, like one that does not exist.
    let total = sqlx::query_scalar("SELECT total FROM orders WHERE id = ?")
        .bind(id)
        .fetch_one(&db)
        .await?;
    Ok(Json(total))
}

fn token(tenant: &str) -> Result<String, BoxError> {
    let now = SystemClock.now().unix_timestamp();
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "mallory", "tenant": tenant,
        "iat": now, "exp": now + 300,
    });
    let key = EncodingKey::from_secret(SECRET);
    Ok(jsonwebtoken::encode(&Header::default(), &claims, &key)?)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let mallory = Principal::user(PrincipalId::new("mallory")?).with_issuer(ISSUER);
    let shield = Shield::builder()
        .directory(directory(&mallory)?)
        .policy(AllowAll)
        .build()?;
    let issuer = JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::Hs256, JwtKey::hmac(SECRET)?)?
        .with_tenant_claim("tenant")
        .with_all_tenants();
    let resolver = JwtResolver::new(JwtOptions::new().with_issuer(issuer)?)?;
    let app = Router::new()
        .route("/orders", get(totals))
        .route("/orders/{id}", get(order))
        .layer(TenantLayer::new(shield, resolver).with_on_missing_tenant(OnMissingTenant::Raise))
        .with_state(guarded(shop().await?)?);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let server = listener.local_addr()?;
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });

    let acme = format!("Bearer {}", token("acme")?);
    let globex = format!("Bearer {}", token("globex")?);
    let ask = async |path: &str, bearer: Option<&str>| {
        let headers: Vec<_> = bearer
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        tenantshield_examples::get(server, path, &headers).await
    };
    let own = ask("/orders", Some(&acme)).await?;
    let foreign = ask("/orders/4", Some(&acme)).await?;
    let absent = ask("/orders/99", Some(&acme)).await?;
    let not_a_member = ask("/orders", Some(&globex)).await?;
    let anonymous = ask("/orders", None).await?;
    serving.abort();
    for (what, answer) in [
        ("own orders", &own),
        ("an order of globex", &foreign),
        ("an order that is not there", &absent),
        ("a token for globex", &not_a_member),
        ("no token", &anonymous),
    ] {
        tracing::info!(what, status = answer.0, body = answer.1);
    }
    let statuses = [own.0, foreign.0, absent.0, not_a_member.0, anonymous.0];
    let held = statuses == [200, 404, 404, 404, 401] && own.1 == "[100,250,50]";
    if held {
        Ok(())
    } else {
        Err(format!("answers: {statuses:?}, own: {}", own.1).into())
    }
}
