//! As much of an S3 server as a vault asks for, in memory, on 127.0.0.1: `PUT` with `If-None-Match`, `GET`, `HEAD`,
//! `DELETE`, deletion of several, lists (`ListObjectsV2`) and multipart uploads. It looks at no signature, only whether
//! there is one.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

const BUCKET: &str = "clinic";

#[derive(Default)]
pub struct State {
    pub objects: BTreeMap<String, Bytes>,
    uploads: HashMap<String, BTreeMap<u32, Bytes>>,
    /// How many uploads in parts were completed.
    pub multipart: usize,
    next_upload: u64,
}

/// A running server; it ends with its runtime.
pub struct Server {
    pub state: Arc<Mutex<State>>,
    pub port: u16,
}

impl Server {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = shared.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(request, shared.clone()));
                    // A client that hangs up is no failure of the server.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { state, port }
    }

    /// What a vault needs to be told to find this server.
    pub fn options(&self) -> Vec<(String, String)> {
        let options = [
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".into()),
            ("AWS_ACCESS_KEY_ID", "key".into()),
            ("AWS_SECRET_ACCESS_KEY", "secret".into()),
            ("AWS_REGION", "us-east-1".into()),
            // Names without `aws_` are somebody else's.
            ("ENDPOINT", "http://127.0.0.1:9".into()),
            ("PATH", "/bin".into()),
        ];
        options.map(|(name, value)| (name.to_string(), value)).to_vec()
    }
}

fn respond(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let body = body.into();
    Response::builder()
        .status(status)
        .header("ETag", "\"tag\"")
        .header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        .body(Full::new(body))
        .unwrap()
}

fn error(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    respond(status, format!("<Error><Code>{code}</Code></Error>"))
}

/// The values of `name` in XML without attributes.
fn values<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(value, _)| value).collect()
}

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    if !head.headers.contains_key("authorization") {
        return Ok(error(StatusCode::FORBIDDEN, "AccessDenied"));
    }
    let query: HashMap<_, _> =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let path = head.uri.path().trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    assert_eq!(bucket, BUCKET);
    let mut state = state.lock().unwrap();
    Ok(match (head.method, query.get("uploadId")) {
        (Method::POST, None) if query.contains_key("delete") => {
            let text = String::from_utf8_lossy(&body);
            let gone: String = values(&text, "Key")
                .into_iter()
                .map(|key| {
                    state.objects.remove(key);
                    format!("<Deleted><Key>{key}</Key></Deleted>")
                })
                .collect();
            respond(StatusCode::OK, format!("<DeleteResult>{gone}</DeleteResult>"))
        }
        (Method::POST, None) if query.contains_key("uploads") => {
            state.next_upload += 1;
            let id = state.next_upload.to_string();
            state.uploads.insert(id.clone(), BTreeMap::new());
            respond(
                StatusCode::OK,
                format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"),
            )
        }
        (Method::PUT, Some(upload)) => {
            let part = query["partNumber"].parse().unwrap();
            state.uploads.get_mut(upload).unwrap().insert(part, body);
            respond(StatusCode::OK, "")
        }
        (Method::POST, Some(upload)) => {
            let parts = state.uploads.remove(upload).unwrap();
            // As S3 has it: all parts but the last have 5 MiB at least.
            let last = *parts.keys().last().unwrap();
            assert!(parts.iter().all(|(number, part)| *number == last || part.len() >= 5 * 1024 * 1024));
            let whole: Vec<u8> = parts.values().flat_map(|part| part.to_vec()).collect();
            state.objects.insert(key.to_string(), whole.into());
            state.multipart += 1;
            let done = "<CompleteMultipartUploadResult><ETag>tag</ETag></CompleteMultipartUploadResult>";
            respond(StatusCode::OK, done)
        }
        (Method::DELETE, Some(upload)) => {
            state.uploads.remove(upload);
            respond(StatusCode::NO_CONTENT, "")
        }
        (Method::PUT, None) => {
            if head.headers.contains_key("if-none-match") && state.objects.contains_key(key) {
                return Ok(error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed"));
            }
            state.objects.insert(key.to_string(), body);
            respond(StatusCode::OK, "")
        }
        (Method::DELETE, None) => {
            state.objects.remove(key);
            respond(StatusCode::NO_CONTENT, "")
        }
        (Method::GET, None) if key.is_empty() => {
            let prefix = query.get("prefix").map(String::as_str).unwrap_or_default();
            let found: String = state
                .objects
                .iter()
                .filter(|(key, _)| key.starts_with(prefix))
                .map(|(key, bytes)| {
                    format!(
                        "<Contents><Key>{key}</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified>\
                         <ETag>tag</ETag><Size>{}</Size></Contents>",
                        bytes.len()
                    )
                })
                .collect();
            respond(StatusCode::OK, format!("<ListBucketResult>{found}</ListBucketResult>"))
        }
        (Method::GET | Method::HEAD, None) => match state.objects.get(key) {
            Some(bytes) => respond(StatusCode::OK, bytes.clone()),
            None => error(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        (method, _) => panic!("{method} is not implemented"),
    })
}
