use clap::Args;

#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::session::{LinkArgs, Meeting},
    render::slides::place,
    terminal::out,
};

/// Go to a slide of a presentation, for everybody
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom goto LINK Talk.pdf 3
  psom goto LINK Talk.pdf 3 2        slide 3, after 2 clicks

Organizers and presenters may change the slide.")]
pub(crate) struct Goto {
    #[command(flatten)]
    link: LinkArgs,
    /// The presentation's title.
    title: String,
    /// The slide, numbered from 1.
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    slide: u32,
    /// The number of clicks of the slide's animations.
    #[arg(default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    click: u32,
}

impl Goto {
    pub(crate) async fn run(self) -> Result {
        let line = self.link.in_meeting(async |meeting| self.go(meeting).await).await?;
        out::line(line)
    }

    /// Goes to the slide, and returns the line for people. Going to it twice does no harm.
    async fn go(&self, meeting: &mut Meeting) -> Result<String> {
        let (id, content) = meeting.content(&self.title).await?;
        let title = content.title.unwrap_or_else(|| self.title.clone());
        let Some(slides) = content.slides else {
            return Err(CommandError::new(format!(
                "\"{title}\" is not a presentation; choose another content"
            )));
        };
        let count = slides.count.unwrap_or(0);
        if self.slide > count {
            let has = out::counted(count as usize, "slide", "slides");
            let slide = self.slide;
            let why = format!("there is no slide {slide}; \"{title}\" has {has}");
            return Err(CommandError::new(why));
        }
        let (slide, click) = (self.slide - 1, self.click);
        meeting.act(move |conference, cx| conference.go_to(cx, id, slide, click)).await?;
        meeting.settle().await?;
        let slides = meeting.content_by_id(id).await?.and_then(|content| content.slides);
        let Some(now) = slides.and_then(|slides| slides.location) else {
            return Err(CommandError::new(format!("\"{title}\" was deleted meanwhile")));
        };
        if (now.slide, now.click) != (slide, click) {
            return Err(CommandError::new(format!(
                "you may not change the slide, which is still {}; join as a presenter",
                place(&now)
            )));
        }
        Ok(format!("\"{}\" is at {}.", out::printable(&title), place(&now)))
    }
}

#[cfg(feature = "queue")]
impl Recordable for Goto {
    fn record(&self, actions: &mut Actions) -> Result {
        // The parser accepts only numbers that fit.
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        recorded(actions.s_go_to(&self.title, number(self.slide - 1), number(self.click)))
    }
}
