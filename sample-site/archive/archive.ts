import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';
import type { ParliamentDocument } from '../content/compose-document.ts';

export interface DocumentFilter {
  readonly kind?: string;
  readonly topicId?: string;
  readonly authorSlug?: string;
}

export interface DocumentPage {
  readonly total: number;
  /** Newest first. */
  readonly documents: readonly ListedDocument[];
}

type ListedDocument = Omit<ParliamentDocument, 'body'>;

const LISTED = 'id, reference, kind, topic_id AS topicId, title, date, author_slug AS authorSlug, summary';

/** The papers in SQLite, in memory: built anew at each start from the seed, never written afterwards. */
export class Archive {
  readonly database: DatabaseSync;

  constructor(documents: readonly ParliamentDocument[]) {
    this.database = new DatabaseSync(':memory:');
    this.database.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      CREATE TABLE document (
        id INTEGER PRIMARY KEY, reference TEXT NOT NULL, kind TEXT NOT NULL, topic_id TEXT NOT NULL, title TEXT NOT NULL,
        date TEXT NOT NULL, author_slug TEXT NOT NULL, summary TEXT NOT NULL, body TEXT NOT NULL
      ) STRICT;
      BEGIN;
    `);
    const insert = this.database.prepare('INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
    for (const paper of documents) {
      insert.run(
        paper.id, paper.reference, paper.kind, paper.topicId, paper.title, paper.date, paper.authorSlug, paper.summary, paper.body,
      );
    }
    this.database.exec(`
      COMMIT;
      CREATE INDEX document_by_date ON document (date);
      CREATE INDEX document_by_kind ON document (kind, date);
      CREATE INDEX document_by_topic ON document (topic_id, date);
      CREATE INDEX document_by_author ON document (author_slug, date);
    `);
  }

  /** Page `page` (from 1) of the papers that match; an empty page when there is none. */
  list(filter: DocumentFilter, page: number, perPage: number): DocumentPage {
    const { where, values } = whereClause(filter);
    const { total } = this.database.prepare(`SELECT count(*) AS total FROM document ${where}`).get(...values) as { total: number };
    const documents = this.database
      .prepare(`SELECT ${LISTED} FROM document ${where} ORDER BY date DESC, id DESC LIMIT ? OFFSET ?`)
      .all(...values, perPage, (page - 1) * perPage);
    return { total, documents: documents as unknown as ListedDocument[] };
  }

  document(id: number): ParliamentDocument | undefined {
    return this.database.prepare(`SELECT ${LISTED}, body FROM document WHERE id = ?`).get(id) as unknown as
      | ParliamentDocument
      | undefined;
  }

  /** Every id with its date, oldest first, for the sitemap. */
  allDates(): readonly { readonly id: number; readonly date: string }[] {
    return this.database.prepare('SELECT id, date FROM document ORDER BY id').all() as unknown as { id: number; date: string }[];
  }

  close(): void {
    this.database.close();
  }
}

function whereClause(filter: DocumentFilter): { where: string; values: SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (column: string, value: string | undefined): void => {
    if (value === undefined) return;
    parts.push(`${column} = ?`);
    values.push(value);
  };
  add('kind', filter.kind);
  add('topic_id', filter.topicId);
  add('author_slug', filter.authorSlug);
  return { where: parts.length > 0 ? `WHERE ${parts.join(' AND ')}` : '', values };
}
