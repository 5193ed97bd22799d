import { isObject, type JsonObject } from '../../values/json.ts';

/**
 * Keywords that Anthropic refuses in the schema of an answer.
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 */
const refused: ReadonlySet<string> = new Set([
	...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
	...['minLength', 'maxLength', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
]);

/** Members whose own members are named by the caller, and are schemas. */
const named: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);

/** Members that are values, whatever they look like. */
const values: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples']);

/**
 * The schema of an answer as Anthropic takes it: objects have no properties but those that are named, and a bound that it
 * refuses is said in the description, where the model reads it.
 */
export function answerSchema(schema: unknown): unknown {
	if (Array.isArray(schema)) return schema.map(answerSchema);
	if (!isObject(schema)) return schema;
	const kept: Record<string, unknown> = {};
	const bounds: string[] = [];
	for (const [name, value] of Object.entries(schema)) {
		if (isRefused(name, value)) bounds.push(`${name}: ${JSON.stringify(value)}`);
		else if (named.has(name) && isObject(value)) kept[name] = eachSchema(value);
		else kept[name] = values.has(name) ? value : answerSchema(value);
	}
	if (kept.type === 'object' || kept.properties !== undefined) kept.additionalProperties = false;
	if (bounds.length === 0) return kept;
	const told = typeof kept.description === 'string' ? `${kept.description} ` : '';
	return { ...kept, description: `${told}(${bounds.join(', ')})` };
}

function eachSchema(schemas: JsonObject): JsonObject {
	return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, answerSchema(schema)]));
}

function isRefused(name: string, value: unknown): boolean {
	return refused.has(name) || (name === 'minItems' && value !== 0 && value !== 1);
}
