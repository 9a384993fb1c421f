//! What S3 says beyond objects: versions, delete markers, object locks.

use std::{io, sync::Arc};

use object_store::{
    aws::{AmazonS3, AwsAuthorizer},
    client::HttpRequest,
};
use walwarden_core::{
    Base64, Digest, Time,
    event::{Lock, LockMode},
};

use super::{Listed, NoBucket};
use crate::clock::{Clock as _, SystemClock};

/// The most pages that a list may have, at a thousand versions each.
const PAGES: usize = 10_000;
/// The most bytes that an answer may have.
const ANSWER: usize = 16 << 20;

/// A bucket by its address.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    /// Of a store that only speaks like S3.
    pub(super) endpoint: Option<String>,
    pub(super) name: String,
    pub(super) region: String,
}

impl Bucket {
    /// All versions and delete markers under a prefix, to the last page.
    pub(super) async fn versions(&self, s3: &Arc<AmazonS3>, prefix: &str) -> io::Result<Vec<Listed>> {
        let mut all = Vec::new();
        let mut marker = String::new();
        for _ in 0..PAGES {
            let query = format!("versions=&prefix={}{marker}", percent(prefix));
            let answer = self.ask(s3, "GET", "", &query).await?.body;
            let page = Page::parse(&answer)?;
            all.extend(page.listed);
            match page.next {
                None => return Ok(all),
                Some((key, version)) => {
                    marker = format!("&key-marker={}&version-id-marker={}", percent(&key), percent(&version));
                }
            }
        }
        Err(invalid("the list of versions does not end"))
    }

    pub(super) async fn delete_version(&self, s3: &Arc<AmazonS3>, key: &str, version: &str) -> io::Result<()> {
        self.ask(s3, "DELETE", key, &format!("versionId={}", percent(version))).await.map(drop)
    }

    pub(super) async fn lock(&self, s3: &Arc<AmazonS3>, key: &str, version: Option<&str>) -> io::Result<Lock> {
        let query = version.map(|version| format!("versionId={}", percent(version))).unwrap_or_default();
        let answer = self.ask(s3, "HEAD", key, &query).await?;
        let header = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        let mode = match header("x-amz-object-lock-mode") {
            Some("GOVERNANCE") => LockMode::Governance,
            Some("COMPLIANCE") => LockMode::Compliance,
            _ => return Ok(super::UNLOCKED),
        };
        Ok(Lock { mode, until: header("x-amz-object-lock-retain-until-date").and_then(time) })
    }

    /// Locks an object for some days from now.
    pub(super) async fn retain(
        &self,
        s3: &Arc<AmazonS3>,
        key: &str,
        version: Option<&str>,
        (mode, days): (LockMode, u32),
    ) -> io::Result<()> {
        let mode = if mode == LockMode::Compliance { "COMPLIANCE" } else { "GOVERNANCE" };
        let until = (SystemClock.now().plus_seconds(i64::from(days) * 86_400)).to_string();
        let body = format!(
            "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>{mode}</Mode>\
             <RetainUntilDate>{}Z</RetainUntilDate></Retention>",
            until.split('.').next().unwrap_or_default()
        );
        let version = version.map(|version| format!("&versionId={}", percent(version))).unwrap_or_default();
        let request = Request { method: "PUT", key, query: &format!("retention={version}"), body };
        self.send(s3, request).await.map(drop)
    }

    async fn ask(&self, s3: &Arc<AmazonS3>, method: &'static str, key: &str, query: &str) -> io::Result<Answer> {
        self.send(s3, Request { method, key, query, body: String::new() }).await
    }

    /// One signed request. A 404 is [`io::ErrorKind::NotFound`], a 401 or 403 [`io::ErrorKind::PermissionDenied`].
    async fn send(&self, s3: &Arc<AmazonS3>, Request { method, key, query, body }: Request<'_>) -> io::Result<Answer> {
        let credential = s3.credentials().get_credential().await.map_err(io::Error::other)?;
        let key: String = key.split('/').map(percent).collect::<Vec<_>>().join("/");
        let base = match &self.endpoint {
            Some(endpoint) => format!("{}/{}", endpoint.trim_end_matches('/'), self.name),
            None => format!("https://{}.s3.{}.amazonaws.com", self.name, self.region),
        };
        let mut request = http::Request::builder().method(method).uri(format!("{base}/{key}?{query}"));
        if !body.is_empty() {
            let sum = Base64(Digest::of(body.as_bytes()).0.to_vec()).to_string();
            request = request.header("x-amz-sdk-checksum-algorithm", "SHA256").header("x-amz-checksum-sha256", sum);
        }
        let mut request: HttpRequest = request.body(body.clone().into()).map_err(io::Error::other)?;
        let authorizer = AwsAuthorizer::new(&credential, "s3", &self.region);
        authorizer.try_authorize(&mut request, None).map_err(io::Error::other)?;
        let (head, _) = request.into_parts();
        let client = crate::http::client().map_err(io::Error::other)?;
        let sent = client.request(head.method, head.uri.to_string()).headers(head.headers).body(body).send().await;
        let response = sent.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error.without_url()))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = crate::http::body(response, ANSWER).await?;
        match status.as_u16() {
            200..=299 => Ok(Answer { headers, body: String::from_utf8_lossy(&body).into_owned() }),
            404 if NoBucket::is_said(&String::from_utf8_lossy(&body)) => Err(NoBucket::error()),
            404 => Err(io::ErrorKind::NotFound.into()),
            401 | 403 => Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("the store answers {status}"))),
            _ => Err(io::Error::other(format!("the store answers {status}"))),
        }
    }
}

struct Request<'a> {
    method: &'static str,
    key: &'a str,
    query: &'a str,
    body: String,
}

struct Answer {
    headers: http::HeaderMap,
    body: String,
}

/// One page of `ListObjectVersions`.
struct Page {
    listed: Vec<Listed>,
    next: Option<(String, String)>,
}

impl Page {
    /// Reads the answer's XML.
    fn parse(xml: &str) -> io::Result<Self> {
        let document: ListVersionsResult =
            quick_xml::de::from_str(xml).map_err(|error| invalid(&format!("no list of versions: {error}")))?;
        let mut listed = Vec::new();
        for (versions, delete_marker) in [(document.version, false), (document.delete_marker, true)] {
            for version in versions {
                listed.push(Listed {
                    key: version.key,
                    // A bucket that never had versions calls every one of them null.
                    version_id: version.version_id.filter(|id| id != "null"),
                    bytes: version.size.unwrap_or(0),
                    modified: version.last_modified.as_deref().and_then(time),
                    delete_marker,
                    latest: version.is_latest,
                });
            }
        }
        let next = match (document.is_truncated, document.next_key_marker) {
            (false, _) => None,
            (true, Some(key)) => Some((key, document.next_version_id_marker.unwrap_or_default())),
            (true, None) => return Err(invalid("a list of versions breaks off")),
        };
        Ok(Self { listed, next })
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListVersionsResult {
    #[serde(default)]
    is_truncated: bool,
    next_key_marker: Option<String>,
    next_version_id_marker: Option<String>,
    #[serde(default)]
    version: Vec<VersionOf>,
    #[serde(default)]
    delete_marker: Vec<VersionOf>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionOf {
    key: String,
    version_id: Option<String>,
    #[serde(default)]
    is_latest: bool,
    size: Option<u64>,
    last_modified: Option<String>,
}

fn time(text: &str) -> Option<Time> {
    Time::from_micros(chrono::DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros())
}

/// RFC 3986, everything but unreserved characters.
fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn invalid(said: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_versions() {
        let xml = r#"<?xml version="1.0"?><ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>b</Name><IsTruncated>true</IsTruncated><NextKeyMarker>k&amp;2</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>
<Version><Key>a/b &lt;c&gt;</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest><LastModified>2026-11-01T02:00:00.000Z</LastModified><Size>12</Size></Version>
<DeleteMarker><Key>a/b &lt;c&gt;</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest></DeleteMarker>
<Version><Key>d</Key><VersionId>null</VersionId><IsLatest>true</IsLatest><Size>1</Size></Version></ListVersionsResult>"#;
        let page = Page::parse(xml).unwrap();
        assert_eq!(page.next, Some(("k&2".into(), "v".into())));
        let seen: Vec<_> = page.listed.iter().map(|v| (v.key.as_str(), v.version_id.as_deref(), v.bytes)).collect();
        assert_eq!(seen, [("a/b <c>", Some("v1"), 12), ("d", None, 1), ("a/b <c>", Some("v2"), 0)]);
        assert!(page.listed[2].delete_marker && page.listed[2].latest && !page.listed[0].latest);
        assert!(Page::parse(&xml.replace("<NextKeyMarker>k&amp;2</NextKeyMarker>", "")).is_err());
        assert!(Page::parse("<html>").is_err());
        assert_eq!(percent("a b/ü"), "a%20b%2F%C3%BC");
    }
}
