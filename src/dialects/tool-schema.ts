import { isObject, type JsonObject } from '../values/json.ts';

/**
 * The schema of what a tool takes, as every API takes it: OpenAI refuses an object that does not say what its properties are,
 * Anthropic a schema that does not say that it is one of an object. Tools that take nothing come in all of these forms.
 * @param schema as the caller gave it; undefined for none
 */
export function toolSchema(schema: unknown): unknown {
	if (schema === undefined) return { type: 'object', properties: {} };
	if (!isObject(schema) || (schema.type !== undefined && schema.type !== 'object')) return schema;
	const { properties, ...others } = schema;
	return { ...others, type: 'object', properties: isObject(properties) ? properties : {} };
}

/**
 * Whether OpenAI can hold a model to this schema: there, every object names all of its properties as required and has no
 * others. Anthropic lets some of them be left out.
 */
export function isClosed(schema: unknown): boolean {
	if (Array.isArray(schema)) return schema.every(isClosed);
	if (!isObject(schema)) return true;
	return (schema.type !== 'object' || isClosedObject(schema)) && Object.values(schema).every(isClosed);
}

function isClosedObject({ properties, required, additionalProperties }: JsonObject): boolean {
	const names = isObject(properties) ? Object.keys(properties) : [];
	const needed: readonly unknown[] = Array.isArray(required) ? required : [];
	return additionalProperties === false && names.every((name) => needed.includes(name));
}
