// @ts-check
// Generated from the interfaces of psom-objects. Do not edit.

import { Interface } from '../interface.js';

export const ContentManager = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.ContentManager',
  versions: [[2, 3800622354142801969n, -8255121175073997388n]],
  server: [
    { name: 'sDeleteContent', params: [['contentId', 'Int64']] },
    { name: 'sPresent', params: [] },
    { name: 'sReleaseTitle', params: [['cookie', 'Int32']] },
    { name: 'sReserveTitle', params: [['title', 'String'], ['cookie', 'Int32']] },
    { name: 'sReserveTitle_2', params: [['title', 'String'], ['cookie', 'Int32'], ['externalId', 'String']] },
    { name: 'sStopPresenting', params: [] },
  ],
  client: [
    { name: 'cContentAdded', params: [['contentId', 'Int64'], ['type', 'String']] },
    { name: 'cContentCreated', params: [['contentId', 'Int64'], ['cookie', 'Int32']] },
    { name: 'cContentCreationFailed', params: [['cookie', 'Int32'], ['reason', 'Int32']] },
    { name: 'cContentRemoved', params: [['contentId', 'Int64']] },
    { name: 'cReserveTitleCompleted', params: [['status', 'Int32'], ['cookie', 'Int32'], ['contentId', 'Int64'], ['owningUserId', 'Int64']] },
    { name: 'cSetActiveContent', params: [['activeContentId', 'Int64']] },
    { name: 'cSetActivePresenter', params: [['activePresenterId', 'Int64']] },
    { name: 'cTitleReleased', params: [['cookie', 'Int32']] },
  ],
});

export const Content = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.Content',
  versions: [[1, -6470662138903778586n, 1113513223610002283n], [10, -2530343413165516885n, 974079596268293062n]],
  server: [
    { name: 'sForceSync', params: [] },
    { name: 'sMakeHighestPresentationOrder', params: [] },
    { name: 'sPresent', params: [] },
    { name: 'sSetTitle', params: [['title', 'String']] },
    { name: 'sSetVisibility', params: [['visibility', 'Int32']] },
    { name: 'sStopPresenting', params: [] },
  ],
  client: [
    { name: 'cConnectCompleted', params: [] },
    { name: 'cForceSync', params: [] },
    { name: 'cSetCreationTime', params: [['creationTime', 'String']] },
    { name: 'cSetLastUsedTime', params: [['lastUsedTime', 'String']] },
    { name: 'cSetNativeFileInfo', params: [['fileName', 'String'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]'], ['fileSize', 'Int64']] },
    { name: 'cSetOwnerId', params: [['id', 'Int64']] },
    { name: 'cSetPresentInfo', params: [['presented', 'Boolean'], ['presenterId', 'Int64']] },
    { name: 'cSetPresentationOrder', params: [['presentationOrder', 'Int64']] },
    { name: 'cSetTitle', params: [['title', 'String']] },
    { name: 'cSetTitleComplete', params: [['status', 'Int32'], ['title', 'String']] },
    { name: 'cSetVisibility', params: [['visibility', 'Int32']] },
    { name: 'cSetOriginalFileUrl', params: [['originalFileUrl', 'String']], since: 10 },
    { name: 'cSetViewingUrl', params: [['viewingUrl', 'String']], since: 10 },
    { name: 'cSetRecordingUrl', params: [['recordingUrl', 'String']], since: 10 },
  ],
});

export const Meeting = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.Meeting',
  versions: [[2, 7811924786664530844n, 2106930589629680263n]],
  server: [
    { name: 'sSetInfo', params: [['info', 'String']] },
  ],
  client: [
    { name: 'cMeetingReady', params: [] },
    { name: 'cSetInfo', params: [['info', 'String']] },
    { name: 'cSetServerTime', params: [['serverTime', 'String']] },
    { name: 'cSetUrlBase', params: [['urlBase', 'String']] },
  ],
});

export const ContentUserManager = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager',
  versions: [[1, 5320330165687787020n, 5320330165687787020n]],
  server: [
  ],
  client: [
    { name: 'cUsersAdded', params: [['ids', 'Int64[]'], ['uris', 'String[]'], ['displayNames', 'String[]']] },
    { name: 'cUsersRemoved', params: [['ids', 'Int64[]']] },
  ],
});

export const UploadManager = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.UploadManager',
  versions: [[1, 4004400404121921234n, -8511879503649873756n], [2, 2601804729028999169n, 1079790469891676391n]],
  server: [
    { name: 'sRequestUpload', params: [['fileLength', 'Int64'], ['cookie', 'Int32'], ['manifestXml', 'String']] },
    { name: 'sRequestUpload_2', params: [['packedLength', 'Int64'], ['unpackedLength', 'Int64'], ['cookie', 'Int32']] },
    { name: 'sUploadFinished', params: [['cookie', 'Int32'], ['cancel', 'Boolean']] },
    { name: 'sRequestWebUploadBlob', params: [['cookie', 'Int32'], ['manifestXml', 'String']], since: 2 },
    { name: 'sRequestWebDownloadBlob', params: [['cookie', 'Int32'], ['obfuscatedName', 'String'], ['isAttachment', 'Boolean']], since: 2 },
  ],
  client: [
    { name: 'cAcceptUpload', params: [['cookie', 'Int32'], ['stream', 'DistributedObject']] },
    { name: 'cRejectUpload', params: [['cookie', 'Int32'], ['reason', 'Int32']] },
    { name: 'cSetAvailableSpace', params: [['size', 'Int64']] },
    { name: 'cUploadFinished', params: [['cookie', 'Int32'], ['reason', 'Int32']] },
    { name: 'cAcceptWebUpload', params: [['cookie', 'Int32'], ['uploadUrl', 'String']], since: 2 },
    { name: 'cAcceptWebDownload', params: [['cookie', 'Int32'], ['downloadUrl', 'String']], since: 2 },
    { name: 'cRejectWebDownload', params: [['cookie', 'Int32'], ['reason', 'Int32']], since: 2 },
  ],
});

export const UploadStream = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.Parts.IRCStream',
  versions: [[1, -6716385024907738156n, 5963839780483567246n]],
  server: [
    { name: 'sDisconnect', params: [] },
    { name: 'sWrite', params: [['data', 'Byte[]'], ['packetNum', 'Int32']] },
  ],
  client: [
    { name: 'cDisconnect', params: [] },
    { name: 'cWriteComplete', params: [['nBytes', 'Int32']] },
  ],
});

export const NativeFileOnlyContent = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.NativeFileOnlyContent',
  versions: [[1, 6421877628186475469n, 5585496037459248534n]],
  server: [
  ],
  client: [
    { name: 'cConnectCompleted', params: [] },
  ],
});

export const PptContent = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.PptContent',
  versions: [[2, 5075721282249770644n, -3775280164302319261n], [11, 5075721282249770644n, -3775280164302319261n]],
  server: [
    { name: 'sSetLocation', params: [['location', 'String']] },
    { name: 'sSetResourceErrorCode', params: [['beginSlide', 'Int32'], ['endSlide', 'Int32'], ['format', 'Int32'], ['errorCode', 'Int32']] },
  ],
  client: [
    { name: 'cConnectCompleted', params: [] },
    { name: 'cErrorAddingResource', params: [['resourceId', 'Int32'], ['errorCode', 'Int32']] },
    { name: 'cSetFullPptFileInfo', params: [['url', 'String'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetLocation', params: [['location', 'String']] },
    { name: 'cSetNotesInfo', params: [['url', 'String'], ['slideNumbers', 'Int32[]'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetPartialPptFileInfo', params: [['url', 'String'], ['slideNumbers', 'Int32[]'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetPreviewThumbnailFileInfo', params: [['url', 'String'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetResourceErrorCode', params: [['beginSlide', 'Int32'], ['endSlide', 'Int32'], ['format', 'Int32'], ['errorCode', 'Int32']] },
    { name: 'cSetSlideCount', params: [['slideCount', 'Int32']] },
    { name: 'cSetSlideDhtmlMarkupInfo', params: [['slideNumber', 'Int32'], ['clickCount', 'Int32'], ['markupUrl', 'String'], ['resourceOriginalFileNames', 'String[]'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetSlideDhtmlResourceInfo', params: [['resourceOriginalFileName', 'String'], ['url', 'String'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetSlideJpegInfo', params: [['slideNumber', 'Int32'], ['url', 'String'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetThumbnailFileInfo', params: [['files', 'String[]'], ['url', 'String'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
  ],
});

export const AnnotationContainer = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.AnnotationContainer',
  versions: [[1, -5714708003270970775n, 2571074477103256610n]],
  server: [
    { name: 'sAddAnnotation', params: [['type', 'Int32'], ['properties', 'String[][]']] },
    { name: 'sChangeProperties', params: [['id', 'Int32'], ['gen', 'Int32'], ['properties', 'String[][]']] },
    { name: 'sChangePropertyForGroup', params: [['ids', 'Int32[]'], ['gens', 'Int32[]'], ['property', 'String'], ['value', 'String']] },
    { name: 'sChangePropertyForGroup_2', params: [['ids', 'Int32[]'], ['gens', 'Int32[]'], ['property', 'String'], ['values', 'String[]']] },
    { name: 'sChangeText', params: [['id', 'Int32'], ['gen', 'Int32'], ['textVersion', 'Int32'], ['begins', 'Int32[]'], ['ends', 'Int32[]'], ['characters', 'String[]']] },
    { name: 'sClearAnnotations', params: [] },
    { name: 'sRemoveAnnotation', params: [['id', 'Int32']] },
    { name: 'sRemoveAnnotations', params: [['ids', 'Int32[]'], ['cookie', 'Int32']] },
    { name: 'sSetTelepointer', params: [['anchor', 'String'], ['visible', 'Boolean']] },
  ],
  client: [
    { name: 'cAddAnnotationBatch', params: [['ids', 'Int32[]'], ['gens', 'Int32[]'], ['types', 'Int32[]'], ['ownerIds', 'Int64[]'], ['modifierIds', 'Int64[]'], ['propertyCounts', 'Int32[]'], ['properties', 'String[]'], ['values', 'String[]']] },
    { name: 'cChangePropertiesBatch', params: [['ids', 'Int32[]'], ['gens', 'Int32[]'], ['modifierIds', 'Int64[]'], ['propertyCounts', 'Int32[]'], ['properties', 'String[]'], ['values', 'String[]']] },
    { name: 'cChangeTextBatch', params: [['ids', 'Int32[]'], ['gens', 'Int32[]'], ['modifierIds', 'Int64[]'], ['textVersions', 'Int32[]'], ['deltaCounts', 'Int32[]'], ['begins', 'Int32[]'], ['ends', 'Int32[]'], ['characters', 'String[]']] },
    { name: 'cClearAnnotations', params: [['removerId', 'Int64']] },
    { name: 'cErrorAddAnnotation', params: [['type', 'Int32'], ['properties', 'String[][]'], ['errorCode', 'String']] },
    { name: 'cErrorChangeProperties', params: [['id', 'Int32'], ['gen', 'Int32'], ['modifierId', 'Int64'], ['properties', 'String[][]'], ['errorCode', 'String']] },
    { name: 'cErrorChangePropertyForGroup', params: [['ids', 'Int32[]'], ['gens', 'Int32[]'], ['modifierIds', 'Int64[]'], ['property', 'String'], ['values', 'String[]'], ['errorCode', 'String']] },
    { name: 'cErrorChangeText', params: [['id', 'Int32'], ['gen', 'Int32'], ['modifierId', 'Int64'], ['errorCode', 'String']] },
    { name: 'cErrorClearAnnotations', params: [['errorCode', 'String']] },
    { name: 'cErrorRemoveAnnotation', params: [['id', 'Int32'], ['errorCode', 'String']] },
    { name: 'cErrorRemoveAnnotations', params: [['ids', 'Int32[]'], ['errorCode', 'String'], ['cookie', 'Int32']] },
    { name: 'cErrorSetTelepointer', params: [['errorCode', 'String']] },
    { name: 'cRemoveAnnotation', params: [['id', 'Int32'], ['removerId', 'Int64']] },
    { name: 'cRemoveAnnotations', params: [['ids', 'Int32[]'], ['removerId', 'Int64'], ['cookie', 'Int32']] },
    { name: 'cSetAnnotationConstraints', params: [['constraints', 'Int32[]'], ['values', 'Int32[]']] },
    { name: 'cSetImageFileInfo', params: [['id', 'Int32'], ['url', 'String'], ['key', 'Byte[]'], ['iv', 'Byte[]'], ['hash', 'Byte[]']] },
    { name: 'cSetTelepointer', params: [['anchor', 'String'], ['ownerId', 'Int64'], ['visible', 'Boolean']] },
  ],
});

export const WhiteboardContent = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.WhiteboardContent',
  versions: [[1, 4720625287907297465n, 5909677840878629841n]],
  server: [
  ],
  client: [
    { name: 'cConnectCompleted', params: [] },
  ],
});

export const PollContent = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.PollContent',
  versions: [[1, 7882912516919930871n, -1572291151947590318n]],
  server: [
    { name: 'sClearVotes', params: [] },
    { name: 'sModify', params: [['question', 'String'], ['choices', 'String[]'], ['rememberPastUsers', 'Boolean'], ['customizationXml', 'String']] },
    { name: 'sSetOpenState', params: [['open', 'Boolean']] },
    { name: 'sSetResultsState', params: [['visibleToAll', 'Boolean']] },
    { name: 'sVote', params: [['choice', 'Int32']] },
  ],
  client: [
    { name: 'cConnectCompleted', params: [] },
    { name: 'cSetLocalVote', params: [['choice', 'Int32']] },
    { name: 'cSetOpenState', params: [['open', 'Boolean']] },
    { name: 'cSetQuestion', params: [['question', 'String'], ['choices', 'String[]'], ['rememberPastUsers', 'Boolean'], ['customizationXml', 'String']] },
    { name: 'cSetResults', params: [['results', 'Int32[]']] },
    { name: 'cSetResultsState', params: [['visibleToAll', 'Boolean']] },
  ],
});

export const SharedNotesContent = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.SharedNotesContent',
  versions: [[3, 6726721969813329838n, 8721147891391263529n]],
  server: [
    { name: 'sSetErrorCode', params: [['code', 'Int32']] },
  ],
  client: [
    { name: 'cConnectCompleted', params: [] },
    { name: 'cSetNotesId', params: [['notesId', 'String']] },
    { name: 'cSetNotesTitles', params: [['notebookTitle', 'String'], ['sectionTitle', 'String'], ['pageTitle', 'String']] },
    { name: 'cSetErrorCode', params: [['code', 'Int32']] },
  ],
});

export const QnaContent = new Interface({
  name: 'Microsoft.Rtc.Server.DataMCU.Meeting.QnaContent',
  versions: [[1, -210597168530409383n, 473785100728654906n]],
  server: [
    { name: 'sSetOpenState', params: [['openState', 'Int32']] },
    { name: 'sPutBlob', params: [['blob', 'String']] },
  ],
  client: [
    { name: 'cSetOpenState', params: [['openState', 'Int32']] },
    { name: 'cSetQuestionsCount', params: [['count', 'Int32']] },
    { name: 'cPutBlob', params: [['blob', 'String']] },
    { name: 'cConnectCompleted', params: [] },
  ],
});

export const all = [ContentManager, Content, Meeting, ContentUserManager, UploadManager, UploadStream, NativeFileOnlyContent, PptContent, AnnotationContainer, WhiteboardContent, PollContent, SharedNotesContent, QnaContent];
