import { existsSync, statSync } from 'node:fs';
import { loadKnownModels } from '../../config/known-models.ts';
import { createRedactor } from '../../gateway/redact.ts';
import type { ImportDraft } from '../../import/draft.ts';
import { draftText, variablesOf } from '../../import/draft-text.ts';
import { envFileText } from '../../import/env-file.ts';
import { importFailProxy } from '../../import/failproxy.ts';
import { importLitellm } from '../../import/litellm.ts';
import { noticeText } from '../../import/notice.ts';
import { importOpenRouter } from '../../import/openrouter.ts';
import { type Verification, verify } from '../../import/verify.ts';
import { existsText, writeWhole } from '../../setup/write-file.ts';
import { firstLines } from '../../values/first-lines.ts';
import { UserError } from '../../values/user-error.ts';

export interface ImportFlags {
	/** Where the configuration goes; default and `-`: to standard output. */
	out?: string;
	force?: boolean;
}

export interface ImportWithKeysFlags extends ImportFlags {
	/** The env file that the keys go into. Default: they go nowhere. */
	keys?: string;
}

/** Shorter ones are words, such as `ollama`, that servers without keys are given. */
const SHORTEST_SECRET = 8;

/**
 * Turns a folder of FailProxy's groups into a configuration. What was not imported is reported on standard error, and makes
 * the exit code 1.
 * @throws UserError when there is nothing to import, or it cannot be written
 */
export function importFailProxyFolder(folder: string, options: ImportWithKeysFlags): void {
	finish(importFailProxy(folder, loadKnownModels()), options);
}

/**
 * Turns the configuration of a LiteLLM proxy into one. What was not imported is reported on standard error, and makes the exit
 * code 1.
 * @throws UserError when there is nothing to import, or it cannot be written
 */
export function importLitellmFile(file: string, options: ImportWithKeysFlags): void {
	finish(importLitellm(file, loadKnownModels()), options);
}

/**
 * Turns a fallback file for OpenRouter into a configuration. What was not imported is reported on standard error, and makes
 * the exit code 1.
 * @throws UserError when there is nothing to import, or it cannot be written
 */
export function importOpenRouterFile(file: string, options: ImportFlags): void {
	finish(importOpenRouter(file), options);
}

function finish(draft: ImportDraft, options: ImportWithKeysFlags): void {
	const secrets = [...draft.keys.values()].filter((key) => key.length >= SHORTEST_SECRET);
	const redact = createRedactor(secrets);
	for (const line of firstLines(draft.notices.map(noticeText), 'notices')) tell(redact(line));
	if (draft.profiles.length === 0) throw new UserError('Nothing was imported; no file was written.');

	const out = options.out === undefined || options.out === '-' ? undefined : options.out;
	const text = draftText(draft, redact);
	const verified = verify(text, out ?? 'the configuration', draft, process.env);
	write(out, text, draft, options);

	for (const remark of verified.remarks) tell(redact(remark));
	tellSummary(draft, verified, out, options);
	const isWhole = draft.notices.every(({ severity }) => severity !== 'error');
	if (!isWhole || verified.isRefused) process.exitCode = 1;
}

/** What would stop the second file is looked for before the first is written. */
function write(out: string | undefined, text: string, draft: ImportDraft, options: ImportWithKeysFlags): void {
	const { keys: envFile, force: replace = false } = options;
	const secrets = new Map([...draft.keys].filter(([, key]) => key !== ''));
	if (out !== undefined) refuseToReplace(out, replace);
	if (envFile !== undefined) refuseToReplace(envFile, replace, 'with --force the keys are set in it');
	const envText = envFile === undefined ? '' : envFileText(envFile, secrets);
	if (out === undefined) process.stdout.write(text);
	else writeWhole(out, text, { replace });
	if (envFile !== undefined) writeKeys(envFile, envText, replace);
}

function writeKeys(envFile: string, text: string, replace: boolean): void {
	try {
		writeWhole(envFile, text, { replace, mode: 0o600 });
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		throw new UserError(`The keys were not written: ${error.message.replaceAll('--out', '--keys')}`);
	}
}

function refuseToReplace(file: string, replace: boolean, whatForceDoes?: string): void {
	if (!existsSync(file)) return;
	if (!statSync(file).isFile())
		throw new UserError(`${file} is not a file and cannot be replaced; name another place.`);
	if (replace) return;
	if (whatForceDoes === undefined) throw new UserError(existsText(file));
	throw new UserError(`${file} is there already and was left as it is; ${whatForceDoes}, or name another place.`);
}

function tellSummary(
	draft: ImportDraft,
	{ isRefused }: Verification,
	out: string | undefined,
	{ keys: envFile }: ImportWithKeysFlags,
): void {
	const { profiles, keys, notices, from } = draft;
	const left = notices.filter(({ severity }) => severity === 'error').length;
	const what = `${profiles.length} ${profiles.length === 1 ? 'profile' : 'profiles'} from ${from}`;
	tell(
		`Imported ${what}${out === undefined ? '' : ` into ${out}`}${left === 0 ? '' : `; ${left} ${left === 1 ? 'part was' : 'parts were'} left out`}.`,
	);
	const isWritten = (name: string) => envFile !== undefined && (keys.get(name) ?? '') !== '';
	const unset = variablesOf(draft).filter((name) => !process.env[name] && !isWritten(name));
	if ([...keys.keys()].some(isWritten)) tell(`The keys are in ${envFile}, which only you can read.`);
	if (unset.length > 0) tell(`Set these before you start: ${unset.join(', ')}.`);
	if (isRefused) tell('`breakwater serve` will refuse it until the errors above are corrected.');
	else if (out !== undefined) tell(`Next: breakwater check ${out}`);
}

function tell(line: string): void {
	process.stderr.write(`${line}\n`);
}
