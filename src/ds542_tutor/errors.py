"""The error tree. Every message names the thing that is wrong and what to do about it.

TutorError                      anything a user can mend; entry points print it as one line, exit 2
├── SettingsError               unknown key, wrong type, bad value
├── SourceError                 a course file cannot be read
│   ├── EmptySourceError        nothing to read in it
│   └── EncryptedSourceError    password protected
├── IndexStoreError             anything about the index folder
│   ├── IndexMissingError       no generation has been published yet
│   ├── IndexMismatchError      built with another embedder or format
│   └── IndexFullError          the disk is full
├── ModelError                  a model cannot be loaded or fails
│   ├── ModelIntegrityError     a packaged model's bytes are not the official ones
│   └── EndpointError           the model server is down, slow or refuses
├── QuestionError               empty or far too long
├── UploadError                 a file that staff may not put into the course materials
├── JobError                    an ingest, publish or roll back that cannot be done now
├── ConversationError           unknown conversation, or another user's
├── DisclosureError             an export that lacks something, such as how and why AI was used
└── PortInUseError              the server cannot listen
"""


class TutorError(Exception):
    """Something a user can mend. The message says what is wrong and what to do next."""


class SettingsError(TutorError):
    """A setting is unknown, of the wrong type or out of range."""


class SourceError(TutorError):
    """A course file cannot be read."""


class EmptySourceError(SourceError):
    """A course file holds nothing that can be read."""


class EncryptedSourceError(SourceError):
    """A course file is password protected."""


class IndexStoreError(TutorError):
    """Something is wrong with the index folder."""


class IndexMissingError(IndexStoreError):
    """No generation of the index has been published yet."""


class IndexMismatchError(IndexStoreError):
    """The index was built with another embedder or by another format version."""


class IndexFullError(IndexStoreError):
    """The disk filled up while an index was being written."""


class ModelError(TutorError):
    """A model cannot be loaded, or failed while it was answering."""


class ModelIntegrityError(ModelError):
    """A packaged model's bytes differ from the official ones."""


class EndpointError(ModelError):
    """A model server is down, too slow, or refused the request."""


class QuestionError(TutorError):
    """A question is empty or too long to be one."""


class UploadError(TutorError):
    """A file cannot be put among the course materials: its place, type or size."""


class JobError(TutorError):
    """What staff asked of the index cannot be done now, or was not done."""


class ConversationError(TutorError):
    """A conversation does not exist, or belongs to somebody else."""


class DisclosureError(TutorError):
    """A disclosure cannot be exported as asked: something is missing that it has to say."""


class PortInUseError(TutorError):
    """The chat server cannot listen where it was told to."""
