//! What the pages say, as a tree: for those who listen to them, and for programs that read them.

use lopdf::{Dictionary, Document as File, Object, ObjectId};

use super::finish::{name, string};

/// A part of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node(usize);

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Document,
    Sect,
    Contents,
    ContentsItem,
    H1,
    H2,
    H3,
    Paragraph,
    List,
    Item,
    Label,
    Body,
    Table,
    Caption,
    Row,
    Head,
    Data,
    Figure,
    Code,
    Link,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::Sect => "Sect",
            Self::Contents => "TOC",
            Self::ContentsItem => "TOCI",
            Self::H1 => "H1",
            Self::H2 => "H2",
            Self::H3 => "H3",
            Self::Paragraph => "P",
            Self::List => "L",
            Self::Item => "LI",
            Self::Label => "Lbl",
            Self::Body => "LBody",
            Self::Table => "Table",
            Self::Caption => "Caption",
            Self::Row => "TR",
            Self::Head => "TH",
            Self::Data => "TD",
            Self::Figure => "Figure",
            Self::Code => "Code",
            Self::Link => "Link",
        }
    }

    /// Whether words may stand in it directly.
    const fn holds_words(self) -> bool {
        !matches!(
            self,
            Self::Document | Self::Sect | Self::Contents | Self::List | Self::Item | Self::Table | Self::Row
        )
    }
}

struct Element {
    role: Role,
    parent: Option<Node>,
    kids: Vec<Kid>,
    alt: Option<String>,
}

enum Kid {
    Element(Node),
    Content {
        page: usize,
        mark: usize,
    },
    /// The n-th thing to click of a page.
    Link {
        page: usize,
        place: usize,
    },
}

/// The tree in the making.
pub(super) struct Tree {
    elements: Vec<Element>,
    open: Vec<Node>,
}

impl Tree {
    /// Begins with the document.
    pub(super) fn new() -> Self {
        let document = Element { role: Role::Document, parent: None, kids: Vec::new(), alt: None };
        Self { elements: vec![document], open: vec![Node(0)] }
    }

    /// Begins a part in the one that is open.
    pub(super) fn open(&mut self, role: Role) -> Node {
        let node = Node(self.elements.len());
        let parent = self.open.last().copied();
        if let Some(parent) = parent.and_then(|parent| self.elements.get_mut(parent.0)) {
            parent.kids.push(Kid::Element(node));
        }
        self.elements.push(Element { role, parent, kids: Vec::new(), alt: None });
        self.open.push(node);
        node
    }

    /// Goes on with a part that was closed.
    pub(super) fn open_again(&mut self, node: Node) {
        self.open.push(node);
    }

    /// Ends the part that is open; the document stays open.
    pub(super) fn close(&mut self) {
        if self.open.len() > 1 {
            self.open.pop();
        }
    }

    /// The part that is open, where words may stand in it.
    pub(super) fn current(&self) -> Option<Node> {
        self.open.last().copied().filter(|node| self.elements.get(node.0).is_some_and(|one| one.role.holds_words()))
    }

    /// Whether what is drawn now is part of a figure.
    pub(super) fn in_figure(&self) -> bool {
        self.open.last().and_then(|node| self.elements.get(node.0)).is_some_and(|one| one.role == Role::Figure)
    }

    /// What stands for a part that cannot be read aloud.
    pub(super) fn alt(&mut self, node: Node, words: &str) {
        if let Some(element) = self.elements.get_mut(node.0) {
            element.alt = Some(words.to_owned());
        }
    }

    /// A marked piece of a page belongs to a part.
    pub(super) fn content(&mut self, node: Node, page: usize, mark: usize) {
        self.kid(node, Kid::Content { page, mark });
    }

    /// A thing to click belongs to a part.
    pub(super) fn link(&mut self, node: Node, page: usize, place: usize) {
        self.kid(node, Kid::Link { page, place });
    }

    fn kid(&mut self, node: Node, kid: Kid) {
        if let Some(element) = self.elements.get_mut(node.0) {
            element.kids.push(kid);
        }
    }

    /// The name that marks the content of a part.
    pub(super) fn name(&self, node: Node) -> &'static str {
        self.elements.get(node.0).map_or("Artifact", |element| element.role.name())
    }

    /// Writes the tree. `links` are the annotations of each page, by their place among its things to click.
    pub(super) fn write(&self, file: &mut File, pages: &[ObjectId], links: &[Vec<Option<ObjectId>>]) -> ObjectId {
        let ids: Vec<ObjectId> = self.elements.iter().map(|_| file.new_object_id()).collect();
        let root = file.new_object_id();
        let mut marked: Vec<Vec<Object>> = pages.iter().map(|_| Vec::new()).collect();
        let mut numbers = Vec::new();
        let mut next = pages.len();
        for (element, id) in self.elements.iter().zip(&ids) {
            let mut kids = Vec::new();
            for kid in &element.kids {
                match kid {
                    Kid::Element(node) => kids.extend(ids.get(node.0).copied().map(Object::Reference)),
                    Kid::Content { page, mark } => {
                        kids.push(content(pages.get(*page), *mark));
                        if let Some(marks) = marked.get_mut(*page) {
                            marks.resize(marks.len().max(mark.saturating_add(1)), Object::Null);
                            if let Some(slot) = marks.get_mut(*mark) {
                                *slot = Object::Reference(*id);
                            }
                        }
                    }
                    Kid::Link { page, place } => {
                        let link = links.get(*page).and_then(|links| links.get(*place)).copied().flatten();
                        if let Some(link) = link {
                            kids.push(object(pages.get(*page), link));
                            if let Ok(annotation) = file.get_object_mut(link).and_then(Object::as_dict_mut) {
                                annotation.set("StructParent", integer(next));
                            }
                            numbers.extend([integer(next), Object::Reference(*id)]);
                            next = next.saturating_add(1);
                        }
                    }
                }
            }
            let parent = element.parent.and_then(|parent| ids.get(parent.0)).copied().unwrap_or(root);
            file.objects.insert(*id, Object::Dictionary(entry(element, kids, parent)));
        }
        let mut all = Vec::new();
        for (place, (marks, page)) in marked.into_iter().zip(pages).enumerate() {
            all.extend([integer(place), Object::Array(marks)]);
            if let Ok(page) = file.get_object_mut(*page).and_then(Object::as_dict_mut) {
                page.set("StructParents", integer(place));
                page.set("Tabs", name("S"));
            }
        }
        all.append(&mut numbers);
        let mut parents = Dictionary::new();
        parents.set("Nums", Object::Array(all));
        let parents = file.add_object(parents);
        let mut tree = Dictionary::new();
        tree.set("Type", name("StructTreeRoot"));
        tree.set("K", Object::Array(ids.first().copied().map(Object::Reference).into_iter().collect()));
        tree.set("ParentTree", Object::Reference(parents));
        tree.set("ParentTreeNextKey", integer(next));
        file.objects.insert(root, Object::Dictionary(tree));
        root
    }
}

fn entry(element: &Element, kids: Vec<Object>, parent: ObjectId) -> Dictionary {
    let mut entry = Dictionary::new();
    entry.set("Type", name("StructElem"));
    entry.set("S", name(element.role.name()));
    entry.set("P", Object::Reference(parent));
    entry.set("K", Object::Array(kids));
    if let Some(alt) = &element.alt {
        entry.set("Alt", string(alt));
    }
    if element.role == Role::Head {
        let mut attributes = Dictionary::new();
        attributes.set("O", name("Table"));
        attributes.set("Scope", name("Column"));
        entry.set("A", Object::Dictionary(attributes));
    }
    entry
}

fn content(page: Option<&ObjectId>, mark: usize) -> Object {
    let mut content = Dictionary::new();
    content.set("Type", name("MCR"));
    if let Some(page) = page {
        content.set("Pg", Object::Reference(*page));
    }
    content.set("MCID", integer(mark));
    Object::Dictionary(content)
}

fn object(page: Option<&ObjectId>, link: ObjectId) -> Object {
    let mut object = Dictionary::new();
    object.set("Type", name("OBJR"));
    if let Some(page) = page {
        object.set("Pg", Object::Reference(*page));
    }
    object.set("Obj", Object::Reference(link));
    Object::Dictionary(object)
}

fn integer(number: usize) -> Object {
    Object::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
