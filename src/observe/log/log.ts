import { constants, openSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { CallCost, CallRecord } from '../../contract/call-record.ts';
import type { GatewayObserver } from '../../contract/observer.ts';
import { roundedUsd } from '../../prices/price-text.ts';
import { rfc3339 } from '../../values/clock.ts';
import { traceLine } from '../trace-text.ts';
import { LineWriter, type LineWriterEvents } from './line-writer.ts';
import { LocalFaultLog } from './local-fault-log.ts';
import { keepLogFiles, type LogFiles } from './log-files.ts';
import { RefusalLog } from './refusal-log.ts';
import { UnknownModelLog } from './unknown-models.ts';

export type { Logger };

/** What `LOG_LEVEL` may be; `true` and `false` are debug and errors only. */
const levels: Readonly<Record<string, string>> = { true: 'debug', false: 'error' };

/** How often it is said that the log files cannot be written, ms. */
const COMPLAINT_INTERVAL_MS = 60_000;

/** Where the log goes: a label of `breakwater_log_lines_lost_total`. */
export type LogOutput = 'stderr' | 'files';

export interface LogOptions {
	/** In the place of standard error. */
	shown?: Destination;
	/** Called when lines could not be written, and have been dropped. */
	onLost?: (output: LogOutput, lines: number) => void;
}

/**
 * The log of the process, on standard error: lines for people on a terminal, JSON elsewhere. An output that cannot be written, or
 * whose reader does not read, loses lines and says so when it works again; it never throws, blocks or fills the memory.
 * @param level `LOG_LEVEL` from the environment, in whatever case; a word that is none means `info`
 * @param files where it is written to as well, as JSON
 */
export function createLog(level: string | undefined, files?: LogFiles, { shown, onLost }: LogOptions = {}): Logger {
	const given = level?.trim().toLowerCase() || 'info';
	const name = levels[given] ?? given;
	const options = { level: name in pino.levels.values || name === 'silent' ? name : 'info', base: null };
	const filesOnly = files === undefined ? undefined : pino(options, files);
	const events: LineWriterEvents = {
		onLost: (lines) => onLost?.('stderr', lines),
		onBroken: (code) => filesOnly?.error({ code }, 'standard error cannot be written, and lacks lines from now on'),
		onMended: (lost) => {
			if (lost > 0) log.warn({ lost }, `standard error could not be written for a while, and lacks ${lost} lines`);
		},
	};
	const destination = shown ?? standardError(events);
	if (files !== undefined) complainAbout(files, pino(options, destination), (lines) => onLost?.('files', lines));
	const log = pino(options, files === undefined ? destination : both(destination, files));
	if (options.level !== name) log.warn(`LOG_LEVEL is not a level; the log is at ${options.level}`);
	if (files !== undefined) keepLogFiles(files, () => log.warn('the log file was gone, and has been made again'));
	return log;
}

/** Gathered and written a few times a second: a system call for every line costs more than the line. */
function standardError(events: LineWriterEvents): Destination {
	// Looking at it makes Node set `O_NONBLOCK` where it is a pipe or a socket.
	const isTerminal = process.stderr.isTTY;
	const writer = isTerminal ? new LineWriter(terminalDescriptor(), events, 0) : new LineWriter(2, events);
	process.on('exit', () => writer.flushNow());
	if (!isTerminal) return writer;
	const prettify = linesForPeople();
	return { write: (line) => writer.write(prettify(line)), flush: (done) => writer.flush(done) };
}

/** The terminal of standard error, opened once more: a terminal that is stopped (Ctrl+S) must not stop the process. */
function terminalDescriptor(): number {
	try {
		return openSync('/dev/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
	} catch {
		// Another user's terminal, as after `su`, can be written to but not opened.
		return 2;
	}
}

type Destination = pino.DestinationStream & { flush?: (done: () => void) => void };

/** Every line goes to both. */
function both(one: Destination, other: Destination): Destination {
	return {
		write(line) {
			one.write(line);
			other.write(line);
		},
		flush(done) {
			const flushed = [one, other].map(
				(stream) => new Promise<void>((resolve) => (stream.flush === undefined ? resolve() : stream.flush(resolve))),
			);
			Promise.all(flushed).then(done);
		},
	};
}

/** A full disk must not end the process, nor fill the log on standard error with the same line. */
function complainAbout(files: LogFiles, log: Logger, onLost: (lines: number) => void): void {
	let saidAt = Number.NEGATIVE_INFINITY;
	let lost = 0;
	files.on('error', ({ code }: NodeJS.ErrnoException) => {
		if (performance.now() - saidAt < COMPLAINT_INTERVAL_MS) return;
		saidAt = performance.now();
		log.error({ code }, 'the log files cannot be written, and lack lines from now on: check the disk of logs.folder');
	});
	files.on('drop', () => {
		onLost(1);
		if (lost === 0) {
			files.once('drain', () => {
				log.warn({ lost }, `the log files can be written again, and lack ${lost} lines`);
				lost = 0;
			});
		}
		lost += 1;
	});
}

function linesForPeople(): (line: string) => string {
	return prettyFactory({
		translateTime: 'HH:MM:ss',
		ignore: 'pid,hostname,route,outcome,ms,firstTokenMs,trace',
		messageFormat: (line, messageKey) =>
			line.trace === undefined
				? String(line[messageKey])
				: `${line.route} ${line.outcome} in ${line.ms} ms${firstToken(line)}: ${line.trace}`,
		singleLine: true,
	});
}

function firstToken({ firstTokenMs }: { firstTokenMs?: unknown }): string {
	return firstTokenMs === undefined ? '' : ` (first token in ${firstTokenMs} ms)`;
}

/**
 * Writes what happens in a gateway to the log: one line a call, one for every change of a provider, one for each refused
 * request unless there are too many.
 */
export function logObserver(log: Logger): GatewayObserver {
	const refusals = new RefusalLog(log);
	const localFaults = new LocalFaultLog(log);
	const warnOfReason = reasonWarning(log);
	const unknownModels = new UnknownModelLog(log);
	return {
		callRefused: (refused) => refusals.add(refused),
		fieldRefused: ({ target, field, isOurs }) => {
			const what = field ?? 'a field of a request';
			if (isOurs) log.info({ target, field }, `${target} does not take ${what}: Breakwater no longer adds it`);
			else log.warn({ target, field }, `${target} does not take ${what}: such requests go to another provider, if any`);
		},
		modelUnknown: (model, route) => unknownModels.add(model, route),
		callEnded: (record) => {
			for (const { provider, reason } of record.unknownFinishReasons ?? []) warnOfReason(provider, reason);
			if (record.outcome === 'failed') log.warn(callLine(record), 'call failed');
			else log.info(callLine(record), 'call');
		},
		providerChanged: (provider, from, to, { reason, retryAt }) => {
			const line = { provider, reason, retryAt };
			if (to === 'closed' || to === 'half-open') log.info(line, `provider ${provider}: ${from} → ${to}`);
			else log.warn(line, `provider ${provider}: ${from} → ${to}`);
		},
		providerAlarmed: (provider, source, { alarm, failure, model, until }) => {
			const { category, reason, status } = failure;
			const line = { provider, source, model, category, reason, status, until: rfc3339(until) };
			log.error(line, alarmTexts[alarm]);
		},
		budgetReached: ({ is, place, limitUsd, usedUsd, unknownCosts, until, then }) => {
			const line = { place, usedUsd, unknownCosts, until: rfc3339(until) };
			const share = `${Math.floor((usedUsd / limitUsd) * 100)} % of its ${limitUsd} USD`;
			const led = then === 'refuse' ? 'requests are refused' : `requests go to the profile ${then}`;
			if (is === 'spent') log.error(line, `the budget at ${place} is spent: ${led} until it begins anew`);
			else log.warn(line, `the budget at ${place} has used ${share}`);
		},
		providerOperated: (provider, action, from, to, by) => {
			const forMs = action.type === 'operator.tripped' ? action.forMs : undefined;
			const line = { provider, action: action.type, forMs, by };
			log.warn(line, `provider ${provider}: ${action.type} through the admin API, ${from} → ${to}`);
		},
		keyFetched: (provider, source) => log.info({ provider, source }, `the key of provider ${provider} was fetched`),
		keyTroubled: (provider, source, trouble) => {
			const { what, hasKey, diesAt, retryAt } = trouble;
			const line = {
				provider,
				source,
				diesAt: diesAt === undefined ? undefined : rfc3339(diesAt),
				retryAt: rfc3339(retryAt),
			};
			const meanwhile = hasKey ? 'the present one serves on' : 'the provider is not asked without one';
			log.error(line, `the key of provider ${provider} could not be fetched: ${what}; ${meanwhile}`);
		},
		keyDoubted: (provider, source, what) => {
			log.warn({ provider, source }, `what gives the key of provider ${provider} ${what}`);
		},
		healthChecked: (provider, { result, failure, isNews, nextAt }) => {
			if (!isNews) return;
			const why =
				failure === undefined ? {} : { category: failure.category, reason: failure.reason, status: failure.status };
			const line = { provider, result, ...why, nextAt: rfc3339(nextAt) };
			const text = `health check of provider ${provider}: ${checkTexts[result]}`;
			if (result === 'failed') log.warn(line, text);
			else log.info(line, text);
		},
		localFault: (what) => localFaults.add(what),
		surplusReceived: (origin, wasTrusted) => {
			if (!wasTrusted) return;
			const text = 'a provider sent bytes that belong to none of its answers; its connections are not kept for now';
			log.warn({ origin }, text);
		},
		crashed: (error, requestId) =>
			log.error({ requestId, error: describeCrash(error) }, 'a fault of Breakwater itself'),
	};
}

/** Reasons that are warned of; a provider that makes up a new one for every answer must not fill the log. */
const MOST_REASONS = 100;

/** Warns of each finish reason of each provider that nobody knows, once. */
function reasonWarning(log: Logger): (provider: string, reason: string) => void {
	const told = new Set<string>();
	return (provider, finishReason) => {
		const key = `${provider} ${finishReason}`;
		if (told.has(key) || told.size >= MOST_REASONS) return;
		told.add(key);
		const rule = 'if it means a failure, say so with an error rule: code finishReason:…';
		log.warn({ provider, finishReason }, `a finish reason that is not known was passed on; ${rule}`);
	};
}

/** Only what there is: a line has no field that is empty. */
function callLine(record: CallRecord) {
	const {
		id,
		client,
		clientRequestId,
		route,
		outcome,
		code,
		repaired,
		unsupported,
		skippedEvents,
		ms,
		firstTokenMs,
		tokens,
		cost,
		trace,
	} = record;
	return {
		requestId: id,
		clientRequestId,
		client,
		route,
		outcome,
		code,
		repaired,
		unsupported,
		skippedEvents,
		ms,
		firstTokenMs: firstTokenMs === undefined ? undefined : Math.round(firstTokenMs),
		tokens: tokens.length === 0 ? undefined : tokens,
		costUsd: cost?.usd === undefined ? undefined : roundedUsd(cost.usd),
		cost: lackOfCost(cost),
		trace: traceLine(trace),
	};
}

/** What is to be said of a cost beside the sum; undefined where that is all of it. */
function lackOfCost(cost: CallCost | undefined): 'unknown' | 'incomplete' | undefined {
	if (cost === undefined || cost.isComplete) return undefined;
	return cost.usd === undefined ? 'unknown' : 'incomplete';
}

const checkTexts = {
	passed: 'passed',
	failed: 'failed',
	unproved: 'it answers, and what it answers proves nothing; `health.with` can be `chat` in place of `models`',
} as const;

const alarmTexts = {
	auth: 'a provider rejects its credential: check the key at `source` in the configuration; the provider is not asked before `until`',
	quota: 'a provider is out of quota or credit: top it up or wait; it is not asked before `until`',
	model:
		'a model is not available at its provider: check its name at `source` in the configuration; it is not asked before `until`',
};

/** The stack without the message, which might quote what a caller or a provider said. */
function describeCrash(error: unknown): string {
	if (!(error instanceof Error)) return typeof error;
	const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
	return [error.name, ...frames].join('\n');
}
