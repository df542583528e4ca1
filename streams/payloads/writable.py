"""Whether a store that is a folder takes files: asked at the start, without fsspec, before the first call comes."""

from tempfile import TemporaryFile

from streams.host_metrics import folder_of, nearest_folder
from streams.payloads.errors import understood
from streams.settings import AudioStoreSettings


def refuse_unwritable(store: AudioStoreSettings) -> None:
    """See to it that this process may write to the audio store, where that is a folder.

    Raises:
        AudioStoreUnavailable: It may not.
    """
    if store.is_folder:
        try:
            with TemporaryFile(dir=nearest_folder(folder_of(store.uri))):
                pass
        except OSError as error:
            raise understood("write", store.uri, error) from error
