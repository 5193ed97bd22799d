import { z } from 'zod';
import { fileSchema } from './schema.ts';

/** An option that is not text may still be written as `${VAR}`, which an editor must not call an error. */
const variable = { type: 'string', pattern: '^\\$\\{.+\\}$' } as const;

/**
 * The schema of the file for editors: every option with its sentence, its unit and its default.
 * @returns a JSON Schema of draft 7, the draft that editors' YAML support knows best
 */
export function jsonSchema(): object {
	const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7', override: complete });
	return { ...schema, title: 'The configuration of Breakwater' };
}

function complete({
	zodSchema,
	jsonSchema,
}: {
	zodSchema: z.core.$ZodType;
	jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
	// The library leaves out the default of what is read from text, such as a duration.
	const preset = z.globalRegistry.get(zodSchema)?.default;
	if (preset !== undefined) jsonSchema.default = preset as z.core.JSONSchema.BaseSchema['default'];
	allowVariable(jsonSchema);
}

function allowVariable(jsonSchema: z.core.JSONSchema.BaseSchema): void {
	const isText = jsonSchema.type === 'string' && jsonSchema.enum === undefined;
	const isScalar = ['string', 'number', 'integer', 'boolean'].includes(String(jsonSchema.type));
	if (!isScalar || isText) return;
	const { description, default: preset, ...value } = jsonSchema;
	for (const key of Object.keys(value)) delete jsonSchema[key];
	jsonSchema.anyOf = [value as z.core.JSONSchema.BaseSchema, variable];
}
