import userFileSchema from '../schema/config.schema.json';
import projectFileSchema from '../schema/project.schema.json';

/** The files that have a schema: the user's `config.json` and a project's `.entra-login.json`. */
export type SchemaOf = 'user' | 'project';

/** Answers the JSON Schema (draft-07, what editors know best) of a settings file, as text. */
export function schemaText(of: SchemaOf): string {
  return `${JSON.stringify(of === 'user' ? userFileSchema : projectFileSchema, undefined, 2)}\n`;
}
