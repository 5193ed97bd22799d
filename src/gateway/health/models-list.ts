import { failureName } from '../../../machines/failure.ts';
import type { ProviderContext } from '../../../machines/provider/context.ts';
import { isOfLine } from '../../../machines/provider/scopes.ts';
import type { DocumentRead, ProviderDialect, RenderedRequest } from '../../contract/dialect.ts';
import { readErrorBody } from '../../dialects/read-error-body.ts';
import { asObject, parseJson } from '../../values/json.ts';
import { isLocal } from '../ending-kind.ts';

/** What stands for a model where the list of models is asked for. */
export const LIST = 'list of models';

/** A request without a body. */
export const listRequest: RenderedRequest = { body: '', stream: false, choices: 1 };

const neverStreams = () => {
	throw new Error('a list of models is no stream');
};

/** The list of models as something that a provider can be asked for, like an answer. */
export const modelsList: ProviderDialect = {
	name: 'models-list',
	path: '/models',
	lossesOf: () => [],
	render: () => listRequest,
	isContinuable: () => false,
	// Whatever it is called, it is read as a document.
	formOf: () => 'document',
	looksLike: () => 'document',
	newReader: neverStreams,
	hasUnreadContent: () => false,
	readDocument,
	readError: readErrorBody,
};

/** A list, whatever is in it: the page of a proxy under a 200 is none. */
function readDocument(text: string): DocumentRead {
	const body = parseJson(text);
	const list = Array.isArray(body) ? body : (asObject(body)?.data ?? asObject(body)?.models);
	if (!Array.isArray(list)) return { is: 'failure', error: readErrorBody(200, text) };
	const answer = { usage: undefined, hasContent: () => true, body: (bytes: Buffer) => bytes, events: () => [] };
	return { is: 'answer', answer };
}

/**
 * Whether a list of models that comes would end what is held against a provider: trouble with the line to it, or with the list
 * itself. That it has a list says nothing of a model that answers with errors, of an account or of a key, since many show their
 * list to everybody.
 */
export function endsTrouble({ lastFailure, failingModels }: ProviderContext): boolean {
	if (lastFailure === undefined || Object.keys(failingModels).length > 0) return false;
	const { category } = lastFailure;
	// Nobody reached the provider, so that it says nothing of what was there before.
	if (isLocal(lastFailure)) return false;
	if (lastFailure.model === LIST) return category !== 'AUTH_ERROR' && category !== 'QUOTA_EXCEEDED';
	return isOfLine(failureName(lastFailure));
}
