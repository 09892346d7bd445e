//! Versions 2 and 11 have the same methods; each client gets the version that it supports.

use psom::{Context, Scope, distributed_object};
use psom_objects::types::Role;

use super::common::*;
use crate::meeting::{client::Log, world::PRESENTER};

/// The interface of version 2.
mod v2 {
    use bytes::Bytes;
    use psom::{Context, psom_interface};
    use psom_objects::types::{ResourceErrorCode, ResourceFormat};

    #[psom_interface(
        name = "Microsoft.Rtc.Server.DataMCU.Meeting.PptContent",
        version = 2,
        hash = 5075721282249770644
    )]
    #[expect(dead_code, reason = "only its proxy is used")]
    pub(super) trait PptContentServer {
        fn s_set_location(&mut self, location: &str);
        fn s_set_resource_error_code(&mut self, begin: i32, end: i32, format: i32, code: i32);
    }

    #[psom_interface(
        name = "Microsoft.Rtc.Server.DataMCU.Meeting.PptContent",
        version = 2,
        hash = -3775280164302319261
    )]
    #[rustfmt::skip]
    pub(super) trait PptContentClient {
        fn c_connect_completed(&mut self, cx: &mut Context<Self>);
        fn c_error_adding_resource(&mut self, _id: i32, _code: ResourceErrorCode) {}
        fn c_set_full_ppt_file_info(&mut self, _url: String, _key: Bytes, _iv: Bytes, _hash: Bytes) {}
        fn c_set_location(&mut self, location: String);
        fn c_set_notes_info(&mut self, _url: String, _slides: Vec<i32>, _key: Bytes, _iv: Bytes, _hash: Bytes) {}
        fn c_set_partial_ppt_file_info(&mut self, _url: String, _slides: Vec<i32>, _key: Bytes, _iv: Bytes, _hash: Bytes) {}
        fn c_set_preview_thumbnail_file_info(&mut self, _url: String, _key: Bytes, _iv: Bytes, _hash: Bytes) {}
        fn c_set_resource_error_code(&mut self, _begin: i32, _end: i32, _format: ResourceFormat, _code: ResourceErrorCode) {}
        fn c_set_slide_count(&mut self, count: i32);
        #[expect(clippy::too_many_arguments, reason = "the specification defines the parameters")]
        fn c_set_slide_dhtml_markup_info(&mut self, _slide: i32, _clicks: i32, _url: String, _needs: Vec<String>, _key: Bytes, _iv: Bytes, _hash: Bytes) {}
        fn c_set_slide_dhtml_resource_info(&mut self, _name: String, _url: String, _key: Bytes, _iv: Bytes, _hash: Bytes) {}
        fn c_set_slide_jpeg_info(&mut self, slide: i32, url: String, _key: Bytes, _iv: Bytes, _hash: Bytes);
        fn c_set_thumbnail_file_info(&mut self, _names: Vec<String>, _url: String, _key: Bytes, _iv: Bytes, _hash: Bytes) {}
    }
}

#[distributed_object(serves = v2::PptContentClient, calls = v2::PptContentServer)]
struct OldSlides(Log);

impl OldSlides {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(format!("slides.{line}"));
    }
}

impl v2::PptContentClient for OldSlides {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.note(format!("completed {}", cx.caller().version()));
    }
    fn c_set_location(&mut self, location: String) {
        let place = psom_objects::package::Location::parse(&location).unwrap();
        self.note(format!("location {} {}", place.slide, place.click));
    }
    fn c_set_slide_count(&mut self, count: i32) {
        self.note(format!("count {count}"));
    }
    fn c_set_slide_jpeg_info(
        &mut self,
        slide: i32,
        url: String,
        _: bytes::Bytes,
        _: bytes::Bytes,
        _: bytes::Bytes,
    ) {
        let file = url.strip_prefix("http://127.0.0.1/files/").unwrap();
        self.note(format!("jpeg {slide} <{file}>"));
    }
}

#[test]
fn clients_of_both_versions_see_the_same_slides() {
    let mut world = room();
    let id = share(&mut world, PRESENTER, "talk", deck(2, [jpegs("j", [0])]));
    let new = open(&mut world, PRESENTER, id);
    let announce: fn(&mut Scope) = |scope| scope.announce::<OldSlides>();
    let old = world.join_with(4, Role::Presenter, announce);
    let content = world.open(old, id);
    let old_slides = world.extend(old, content, |_, log| OldSlides(log));
    let seen = ["count 2", "location 0 0", "jpeg 0 <j0>"];
    let told_new = received(&mut world, PRESENTER);
    assert_eq!(told_new, [&seen[..], &["annotations", "completed 11"]].concat());
    assert_eq!(received(&mut world, old), [&seen[..], &["completed 2"]].concat());

    let there = psom_objects::package::Location::new(1, 0).to_xml().unwrap();
    world.on(old, old_slides, move |_, cx| drop(cx.peers().s_set_location(&there)));
    add(&mut world, PRESENTER, id, [jpegs("j", [1])]);
    for client in [PRESENTER, old] {
        assert_eq!(received(&mut world, client), ["location 1 0", "jpeg 1 <j1>"]);
    }
    go(&mut world, PRESENTER, new, "INITIAL_LOCATION");
    assert_eq!(received(&mut world, old), ["location 0 0"]);
}
