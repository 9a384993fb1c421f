//! What `printpdf` lacks or gets wrong: version, ids, dates, metadata, outline, links.

use std::io;

use lopdf::{Dictionary, Document as File, Object, ObjectId, Stream, StringFormat};

use super::{
    Identity,
    draw::Item,
    flow::{Bookmark, Laid, Spot},
    style::Paper,
};
use crate::render::document::Document;

/// Finishes the file.
pub(super) fn finish(file: &mut File, laid: &Laid, document: &Document, identity: &Identity) -> io::Result<()> {
    file.version = "1.7".into();
    let id: Vec<u8> = identity.id.as_bytes().iter().copied().take(16).collect();
    let id = Object::String(id, StringFormat::Hexadecimal);
    file.trailer.set("ID", Object::Array(vec![id.clone(), id]));
    information(file, document, identity);
    let pages: Vec<ObjectId> = file.get_pages().values().copied().collect();
    let links = links(file, laid, &pages)?;
    let tree = laid.tags.write(file, &pages, &links);
    let outline = outline(file, laid, &pages);
    let metadata = metadata(file, document, identity);
    let catalog = file.catalog_mut().map_err(io::Error::other)?;
    catalog.set("StructTreeRoot", Object::Reference(tree));
    let mut marked = Dictionary::new();
    marked.set("Marked", true);
    catalog.set("MarkInfo", marked);
    catalog.set("Outlines", Object::Reference(outline));
    catalog.set("PageMode", name("UseOutlines"));
    catalog.set("Lang", Object::string_literal("en"));
    catalog.set("Metadata", Object::Reference(metadata));
    let mut preferences = Dictionary::new();
    preferences.set("DisplayDocTitle", true);
    catalog.set("ViewerPreferences", preferences);
    Ok(())
}

/// Text as the format wants it where it is no ASCII: UTF-16, big end first, marked.
pub(super) fn utf16(words: &str) -> Vec<u8> {
    [0xfe, 0xff].into_iter().chain(words.encode_utf16().flat_map(u16::to_be_bytes)).collect()
}

pub(super) fn string(words: &str) -> Object {
    Object::String(utf16(words), StringFormat::Hexadecimal)
}

pub(super) fn name(name: &str) -> Object {
    Object::Name(name.into())
}

/// `/Info` anew: the library's has dates of the clock and members of a standard that is not claimed.
fn information(file: &mut File, document: &Document, identity: &Identity) {
    let mut info = Dictionary::new();
    info.set("Title", string(&format!("{} · {}", document.title, document.running)));
    info.set("Author", string(&document.organisation));
    info.set("Creator", string(&identity.producer));
    info.set("Producer", string(&format!("{} (printpdf)", identity.producer)));
    let digits: String = identity.date.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    let date = format!("D:{digits}Z");
    info.set("CreationDate", Object::string_literal(date.as_str()));
    info.set("ModDate", Object::string_literal(date.as_str()));
    if let Ok(Object::Reference(old)) = file.trailer.get(b"Info").cloned() {
        file.objects.remove(&old);
    }
    let id = file.add_object(info);
    file.trailer.set("Info", Object::Reference(id));
}

/// XMP: title, language, dates and producer, and no claim of conformance.
fn metadata(file: &mut File, document: &Document, identity: &Identity) -> ObjectId {
    let title = xml(&format!("{} · {}", document.title, document.running));
    let producer = xml(&identity.producer);
    let author = xml(&document.organisation);
    let date: String = identity.date.to_string().chars().take(19).collect();
    let packet = format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>en</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>{producer}</xmp:CreatorTool><xmp:CreateDate>{date}Z</xmp:CreateDate><xmp:ModifyDate>{date}Z</xmp:ModifyDate>
<pdf:Producer>{producer} (printpdf)</pdf:Producer>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"#,
        bom = '\u{feff}',
    );
    let mut dictionary = Dictionary::new();
    dictionary.set("Type", name("Metadata"));
    dictionary.set("Subtype", name("XML"));
    file.add_object(Stream::new(dictionary, packet.into_bytes()).with_compression(false))
}

fn xml(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn destination(spot: Spot, paper: Paper, pages: &[ObjectId]) -> Option<Object> {
    let page = Object::Reference(*pages.get(spot.page)?);
    let top = Object::Real(paper.height() - spot.y + 12.0);
    Some(Object::Array(vec![page, name("XYZ"), Object::Integer(0), top, Object::Null]))
}

/// The annotations of each page, one for each of its things to click; those that lead nowhere are none.
fn links(file: &mut File, laid: &Laid, pages: &[ObjectId]) -> io::Result<Vec<Vec<Option<ObjectId>>>> {
    let mut all = Vec::new();
    for (page, id) in laid.pages.iter().zip(pages) {
        let links: Vec<Option<ObjectId>> =
            page.links().map(|item| link(laid, item, pages).map(|link| file.add_object(link))).collect();
        let annotations: Vec<Object> = links.iter().flatten().copied().map(Object::Reference).collect();
        if !annotations.is_empty() {
            let page = file.get_object_mut(*id).and_then(Object::as_dict_mut).map_err(io::Error::other)?;
            page.set("Annots", Object::Array(annotations));
        }
        all.push(links);
    }
    Ok(all)
}

/// A thing to click. A link to a part that this document does not have is no link.
fn link(laid: &Laid, item: &Item, pages: &[ObjectId]) -> Option<Dictionary> {
    let Item::Link { x, y, w, h, to } = item else { return None };
    let destination = laid.anchors.get(to).and_then(|spot| destination(*spot, laid.paper, pages))?;
    let mut link = Dictionary::new();
    link.set("Type", name("Annot"));
    link.set("Subtype", name("Link"));
    let height = laid.paper.height();
    let corners = [*x, height - y - h, x + w, height - y];
    link.set("Rect", Object::Array(corners.map(Object::Real).to_vec()));
    link.set("Border", Object::Array(vec![0.into(), 0.into(), 0.into()]));
    link.set("F", 4);
    link.set("Contents", string(to));
    link.set("Dest", destination);
    Some(link)
}

/// The outline: level 2 below the level 1 before it.
fn outline(file: &mut File, laid: &Laid, pages: &[ObjectId]) -> ObjectId {
    let root = file.new_object_id();
    let mut chapters: Vec<(&Bookmark, Vec<&Bookmark>)> = Vec::new();
    for bookmark in &laid.bookmarks {
        match chapters.last_mut() {
            Some((_, below)) if bookmark.level > 1 => below.push(bookmark),
            _ => chapters.push((bookmark, Vec::new())),
        }
    }
    let ids: Vec<ObjectId> = chapters.iter().map(|_| file.new_object_id()).collect();
    for (place, (chapter, below)) in chapters.iter().enumerate() {
        let Some(id) = ids.get(place) else { continue };
        let mut entry = entry(chapter, laid.paper, root, &ids, place, pages);
        if let Some(ends) = level(file, below, laid.paper, *id, pages) {
            entry.extend(&ends);
            // Negative: shown closed.
            entry.set("Count", i64::try_from(below.len()).unwrap_or(i64::MAX).saturating_neg());
        }
        file.objects.insert(*id, Object::Dictionary(entry));
    }
    let mut outlines = ends(&ids);
    outlines.set("Type", name("Outlines"));
    outlines.set("Count", i64::try_from(ids.len()).unwrap_or(i64::MAX));
    file.objects.insert(root, Object::Dictionary(outlines));
    root
}

fn level(
    file: &mut File,
    bookmarks: &[&Bookmark],
    paper: Paper,
    parent: ObjectId,
    pages: &[ObjectId],
) -> Option<Dictionary> {
    if bookmarks.is_empty() {
        return None;
    }
    let ids: Vec<ObjectId> = bookmarks.iter().map(|_| file.new_object_id()).collect();
    for (place, (bookmark, id)) in bookmarks.iter().zip(&ids).enumerate() {
        let entry = entry(bookmark, paper, parent, &ids, place, pages);
        file.objects.insert(*id, Object::Dictionary(entry));
    }
    Some(ends(&ids))
}

fn entry(
    bookmark: &Bookmark,
    paper: Paper,
    parent: ObjectId,
    ids: &[ObjectId],
    place: usize,
    pages: &[ObjectId],
) -> Dictionary {
    let mut entry = Dictionary::new();
    entry.set("Title", string(&bookmark.title));
    entry.set("Parent", Object::Reference(parent));
    if let Some(previous) = place.checked_sub(1).and_then(|place| ids.get(place)) {
        entry.set("Prev", Object::Reference(*previous));
    }
    if let Some(next) = place.checked_add(1).and_then(|place| ids.get(place)) {
        entry.set("Next", Object::Reference(*next));
    }
    if let Some(destination) = destination(bookmark.spot, paper, pages) {
        entry.set("Dest", destination);
    }
    entry
}

fn ends(ids: &[ObjectId]) -> Dictionary {
    let mut ends = Dictionary::new();
    if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
        ends.set("First", Object::Reference(*first));
        ends.set("Last", Object::Reference(*last));
    }
    ends
}
