import { parseAllDocuments } from 'yaml';

/** An object of a manifest, or a part of one. */
export type Part = { readonly [member: string]: unknown };

/** The objects of a manifest, by kind. @throws when it is not YAML, or has two objects of a kind */
export function manifestsOf(text: string): Record<string, Part> {
	const objects = [parseAllDocuments(text)].flat().map((document) => {
		for (const error of document.errors ?? []) throw error;
		return document.toJS() as Part;
	});
	const byKind = Object.fromEntries(objects.map((object) => [String(object.kind), object]));
	if (Object.keys(byKind).length !== objects.length) throw new Error('two objects have one kind');
	return byKind;
}

/** What stands at `spec.template.spec` or `containers.0.image`. @throws when nothing stands there */
export function partAt(whole: unknown, path: string): unknown {
	const part = path.split('.').reduce((from, name) => (from as Part | undefined)?.[name], whole);
	if (part === undefined) throw new Error(`there is no ${path}`);
	return part;
}

/** The configuration that a manifest gives to the pods. */
export function configMapOf(text: string): string {
	const data = partAt(manifestsOf(text), 'ConfigMap.data') as Part;
	return String(data['gateway.yaml']);
}
