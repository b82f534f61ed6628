"""The tutor's retrieval as a LangChain retriever, to compose and trace it with other parts."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from ds542_tutor.retrieval import Retriever


class CourseRetriever(BaseRetriever):
    """Finds course passages; each document's metadata says where it stands.

    Metadata keys: id, document, title, page (1-based PDF page or None), pages, locator, score.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    k: int = 5

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [
            Document(
                page_content=hit.chunk.text,
                metadata={
                    "id": hit.chunk.id,
                    "document": hit.chunk.document,
                    "title": hit.chunk.title,
                    "page": hit.chunk.locator.page,
                    "pages": list(hit.chunk.pages),
                    "locator": hit.chunk.locator.describe(),
                    "score": hit.score,
                },
            )
            for hit in self.retriever.search(self.retriever.query(query), self.k)
        ]
