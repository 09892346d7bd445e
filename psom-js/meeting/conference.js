// @ts-check
// A meeting as the server describes it: a mirror of its objects, as plain data.

import { Board } from './board.js';
import { DOCUMENT, Document, editLink } from './document.js';
import * as interfaces from './interfaces.js';
import { Questions } from './questions.js';

/** The users who see a content (section 3.1.4.1.5). */
export const VISIBILITY = Object.freeze({ organizer: 0, presenters: 1, everyone: 2 });

/** @typedef {{ id: bigint, uri: string, name: string, present: boolean }} User */

/**
 * @typedef {object} Content
 * @property {bigint} id
 * @property {string} type such as `Content.Whiteboard`
 * @property {string} title
 * @property {bigint} owner
 * @property {number} visibility
 * @property {bigint | undefined} presenter the user who presents it
 * @property {string} created
 * @property {string} viewingUrl the address at which notes can be viewed
 * @property {{ name: string, size: bigint, key: Uint8Array, iv: Uint8Array, hash: Uint8Array, url: string } | undefined} file
 * @property {boolean} ready
 * @property {import('../interface.js').LocalObject} object
 * @property {import('../interface.js').LocalObject | undefined} extended
 * @property {Board} [board] of a whiteboard or a presentation
 * @property {Poll} [poll]
 * @property {Questions} [questions]
 * @property {Notes} [notes]
 * @property {Slides} [slides]
 * @property {{ link: string }} [document] with the address at which this user edits it, if any
 */

/** @typedef {{ question: string, choices: string[], open: boolean, results: number[] | undefined, resultsVisible: boolean, vote: number | undefined }} Poll */
/** @typedef {{ id: string, notebook: string, section: string, page: string, failed: boolean }} Notes */
/** @typedef {{ count: number, location: { slide: number, click: number }, images: Map<number, import('./files.js').EncryptedFile> }} Slides */

/**
 * @typedef {{ kind: 'ready' | 'users' | 'stage' | 'space' }
 *   | { kind: 'contents', id: bigint, gone?: boolean }
 *   | { kind: 'content', id: bigint }
 *   | { kind: 'synced', id: bigint }
 *   | { kind: 'board', id: bigint, ids?: number[], refused?: string, localId?: string, pointers?: boolean }
 *   | { kind: 'title', status: number, cookie: number, content: bigint }
 *   | { kind: 'retitled', id: bigint, status: number, title: string }
 *   | { kind: 'upload', cookie: number, url?: string, created?: bigint, rejected?: number, finished?: number }
 *   | { kind: 'download', cookie: number, url?: string, rejected?: number }} Change
 */

/** The mirror of one session. Make a new one for each session. */
export class Conference {
  ready = false;
  serverTime = '';
  urlBase = '';
  /** Everybody who was announced, including people who have left. @type {Map<bigint, User>} */
  users = new Map();
  /** @type {Map<bigint, Content>} */
  contents = new Map();
  /** @type {bigint | undefined} */
  activeContent = undefined;
  /** @type {bigint | undefined} */
  activePresenter = undefined;
  /** Bytes that uploads may still take. @type {bigint | undefined} */
  availableSpace = undefined;

  #changed;
  #lastCookie = 0;
  /** Contents whose board is complete when the server answers the request with this cookie. @type {Map<number, bigint>} */
  #fences = new Map();
  /** @type {(parent: import('../interface.js').LocalObject, part: string, child: import('../interface.js').LocalObject) => void} */
  connect = () => {};

  /** @param {(change: Change) => void} changed runs after the model has changed */
  constructor(changed) {
    this.#changed = changed;
    this.users_ = interfaces.ContentUserManager.implement({
      cUsersAdded: (ids, uris, names) => {
        ids.forEach((/** @type {bigint} */ id, /** @type {number} */ i) =>
          this.users.set(id, { id, uri: uris[i] ?? '', name: names[i] ?? '', present: true }),
        );
        changed({ kind: 'users' });
      },
      cUsersRemoved: (ids) => {
        for (const id of ids) {
          const user = this.users.get(id);
          if (user) user.present = false;
        }
        changed({ kind: 'users' });
      },
    });
    this.uploads = interfaces.UploadManager.implement({
      cSetAvailableSpace: (size) => {
        this.availableSpace = size;
        changed({ kind: 'space' });
      },
      cRejectUpload: (cookie, reason) => changed({ kind: 'upload', cookie, rejected: reason }),
      cUploadFinished: (cookie, reason) => changed({ kind: 'upload', cookie, finished: reason }),
      cAcceptWebUpload: (cookie, url) => changed({ kind: 'upload', cookie, url }),
      cAcceptWebDownload: (cookie, url) => changed({ kind: 'download', cookie, url }),
      cRejectWebDownload: (cookie, reason) => changed({ kind: 'download', cookie, rejected: reason }),
    });
    this.manager = interfaces.ContentManager.implement({
      children: { uploadManager: () => this.uploads },
      cContentAdded: (id, type) => this.#add(id, type),
      cContentRemoved: (id) => this.#remove(id),
      cContentCreated: (id, cookie) => changed({ kind: 'upload', cookie, created: id }),
      cContentCreationFailed: (cookie, reason) => changed({ kind: 'upload', cookie, rejected: reason }),
      cReserveTitleCompleted: (status, cookie, content) => {
        const synced = this.#fences.get(cookie);
        if (synced === undefined) return changed({ kind: 'title', status, cookie, content });
        this.#fences.delete(cookie);
        changed({ kind: 'synced', id: synced });
      },
      cSetActiveContent: (id) => {
        this.activeContent = id || undefined;
        changed({ kind: 'stage' });
      },
      cSetActivePresenter: (id) => {
        this.activePresenter = id || undefined;
        changed({ kind: 'stage' });
      },
    });
    this.root = interfaces.Meeting.implement({
      children: { contentUserManager: () => this.users_, contentManager: () => this.manager },
      cSetServerTime: (time) => {
        this.serverTime = time;
      },
      cSetUrlBase: (url) => {
        this.urlBase = url;
      },
      cMeetingReady: () => {
        this.ready = true;
        changed({ kind: 'ready' });
      },
    });
  }

  /** Returns a number that no other request of this session has. */
  nextCookie() {
    this.#lastCookie += 1;
    return this.#lastCookie;
  }

  /** The name of a user, also after they have left. @param {bigint | undefined} id */
  nameOf(id) {
    const user = id === undefined ? undefined : this.users.get(id);
    return user?.name || user?.uri || '';
  }

  /** @param {bigint} id @param {string} type */
  #add(id, type) {
    if (this.contents.has(id)) return;
    /** @type {Content} */
    const content = {
      id,
      type,
      title: '',
      owner: 0n,
      visibility: VISIBILITY.everyone,
      presenter: undefined,
      created: '',
      viewingUrl: '',
      file: undefined,
      ready: false,
      object: interfaces.Content.implement(),
      extended: undefined,
    };
    const update = (/** @type {(...args: any[]) => void} */ apply) => (/** @type {any[]} */ ...args) => {
      apply(...args);
      if (this.contents.get(id) === content) this.#changed({ kind: 'content', id });
    };
    content.object.handlers = {
      connected: () => content.extended && this.connect(content.object, 'extendedContent', content.extended),
      // At the end of a session, the contents stay as they were until the next session has its own.
      disconnected: () => this.manager.server && this.#remove(id),
      cConnectCompleted: update(() => (content.ready = true)),
      cSetCreationTime: update((time) => (content.created = time)),
      cSetNativeFileInfo: update((name, key, iv, hash, size) => {
        content.file = { name, key, iv, hash, size, url: '' };
      }),
      cSetOriginalFileUrl: update((url) => content.file && (content.file.url = url)),
      cSetViewingUrl: update((url) => (content.viewingUrl = url)),
      cSetOwnerId: update((owner) => (content.owner = owner)),
      cSetPresentInfo: update((presented, presenter) => (content.presenter = presented ? presenter : undefined)),
      cSetTitle: update((title) => (content.title = title)),
      cSetTitleComplete: (status, title) => this.#changed({ kind: 'retitled', id, status, title }),
      cSetVisibility: update((visibility) => (content.visibility = visibility)),
    };
    this.#extend(content, update);
    this.contents.set(id, content);
    this.connect(this.manager, `content.${id}`, content.object);
    this.#changed({ kind: 'contents', id });
  }

  /** @param {bigint} id */
  #remove(id) {
    if (this.contents.delete(id)) this.#changed({ kind: 'contents', id, gone: true });
  }

  /**
   * Requests a notification when a board has all its annotations. The protocol has no call for that. The
   * server answers in order and always refuses an empty title, so the refusal comes after the annotations.
   * @param {bigint} id
   */
  #fence(id) {
    const cookie = this.nextCookie();
    this.#fences.set(cookie, id);
    this.manager.server?.sReserveTitle('', cookie);
  }

  /** Makes the object that mirrors a content's type. @param {Content} content @param {(apply: (...args: any[]) => void) => (...args: any[]) => void} update */
  #extend(content, update) {
    const board = () => {
      const made = new Board(({ ids, refused, localId, pointers }) =>
        this.#changed({ kind: 'board', id: content.id, ids, refused, localId, pointers }),
      );
      made.object.handlers.connected = () => this.#fence(content.id);
      content.board = made;
      return made;
    };
    const annotationContainer = () => (content.board ?? board()).object;
    switch (content.type) {
      case 'Content.Whiteboard':
        content.extended = interfaces.WhiteboardContent.implement({ children: { annotationContainer } });
        break;
      case 'Content.Ppt':
      case 'Content.PptWac': {
        /** @type {Slides} */
        const slides = (content.slides = { count: 0, location: { slide: 0, click: 0 }, images: new Map() });
        content.extended = interfaces.PptContent.implement({
          children: { annotationContainer },
          cSetSlideCount: update((count) => (slides.count = count)),
          cSetLocation: update((location) => (slides.location = readLocation(location))),
          cSetSlideJpegInfo: update((slide, url, key, iv, hash) => slides.images.set(slide, { url, key, iv, hash })),
        });
        break;
      }
      case 'Content.Poll': {
        /** @type {Poll} */
        const poll = { question: '', choices: [], open: false, results: undefined, resultsVisible: false, vote: undefined };
        content.poll = poll;
        content.extended = interfaces.PollContent.implement({
          cSetQuestion: update((question, choices) => Object.assign(poll, { question, choices })),
          cSetOpenState: update((open) => (poll.open = open)),
          cSetResults: update((results) => (poll.results = results)),
          cSetResultsState: update((visible) => (poll.resultsVisible = visible)),
          cSetLocalVote: update((choice) => (poll.vote = choice >= 0 ? choice : undefined)),
        });
        break;
      }
      case 'Content.Qna': {
        const questions = (content.questions = new Questions());
        content.extended = interfaces.QnaContent.implement({
          cSetOpenState: update((state) => (questions.open = state === 1)),
          cSetQuestionsCount: update((count) => (questions.count = count)),
          cPutBlob: update((blob) => questions.read(blob)),
        });
        break;
      }
      case 'Content.SharedNotes': {
        /** @type {Notes} */
        const notes = (content.notes = { id: '', notebook: '', section: '', page: '', failed: false });
        content.extended = interfaces.SharedNotesContent.implement({
          cSetNotesId: update((id) => (notes.id = id)),
          cSetNotesTitles: update((notebook, section, page) => Object.assign(notes, { notebook, section, page })),
          cSetErrorCode: update(() => (notes.failed = true)),
        });
        break;
      }
      case DOCUMENT: {
        const document = (content.document = { link: '' });
        content.extended = Document.implement({ cSetLink: update((link) => (document.link = editLink(link))) });
        break;
      }
      case 'Content.NativeFileOnly':
        content.extended = interfaces.NativeFileOnlyContent.implement();
        break;
      default:
    }
  }
}

/** Reads a PptLocation document (section 3.1.4.1.11); anything else is the first place. @param {string} xml */
function readLocation(xml) {
  const number = (/** @type {string} */ name) => Number(new RegExp(`<(?:\\w+:)?${name}[^>]*>\\s*(\\d+)`, 'i').exec(xml)?.[1] ?? 0);
  return { slide: number('SlideNumber'), click: number('Click') };
}
