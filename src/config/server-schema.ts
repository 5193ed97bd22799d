import { count, duration, filled, flag, oneOf, oneOrMany, section, size, table, text, textThat } from './fields.ts';
import { name } from './provider-schema.ts';

/** What is short can be guessed, and what is not visible ASCII cannot be sent in a header. */
export const callerKey = textThat(
	(value) => /^[!-~]{16,500}$/.test(value),
	'is not a key to give out; write 16 to 500 visible ASCII characters without spaces, such as `openssl rand -hex 32` prints',
);

const client = section({
	key: oneOrMany(callerKey, 'write a key or a list of keys, in quotes').describe(
		'The bearer token that this client sends, of at least 16 characters; a list while it moves from one to the next. Required.',
	),
	requestsPerMinute: count(1, 1_000_000)
		.exactOptional()
		.describe('How many requests it may make in a minute; more are answered with 429. Default: no limit.'),
});

const clients = filled(table(name, client), 'is empty; add a client with its key, or remove it').refine(
	(entries) => Object.keys(entries).length <= 1000,
	{ error: 'has more than 1000 clients; remove some' },
);

export const server = section({
	host: text()
		.prefault('127.0.0.1')
		.describe(
			'The address to listen on; `0.0.0.0` opens it to the network, which needs `clients`. Default: `127.0.0.1`.',
		),
	port: count(0, 65_535).prefault(4010).describe('The TCP port to listen on; 0 is any free one. Default: 4010.'),
	clients: clients
		.exactOptional()
		.describe(
			'Who may call, by a name of your choice that logs and metrics show. Default: anyone, but from this machine only.',
		),
	adminKey: callerKey
		.exactOptional()
		.describe(
			'The bearer token of the operator API under `/admin`, of at least 16 characters. Default: none, and the operator API is shut.',
		),
	adminFrom: oneOf(['loopback', 'anywhere'])
		.prefault('loopback')
		.describe(
			'From where the operator API may be used: this machine only, or wherever its key is known. Default: `loopback`.',
		),
	bodyLimit: size().prefault('20MB').describe('The largest request body, a size. Default: `20MB`.'),
	answerLimit: size().prefault('64MB').describe('The largest answer taken from a provider, a size. Default: `64MB`.'),
	unknownModel: oneOf(['default', 'reject'])
		.prefault('default')
		.describe(
			'What happens to a `model` that is no profile and no target: it goes to the default profile, or is refused. Default: `default`.',
		),
	repairJson: flag()
		.prefault(false)
		.describe(
			'Whether a request body that is not quite JSON (single quotes, a comma too many, a missing bracket) is repaired instead of refused. Default: false.',
		),
	drainDelay: duration({ zero: true })
		.prefault('0s')
		.describe(
			'How long new requests are still taken after a signal to stop, while `/ready` already fails, a duration. Default: `0s`.',
		),
	drainTimeout: duration({ zero: true })
		.prefault('30s')
		.describe('How long open requests may go on after that, a duration. Default: `30s`.'),
});

export const logs = section({
	folder: text()
		.prefault('logs')
		.describe('The folder of the log files, from the working directory; it is made when missing. Default: `logs`.'),
	maxSize: size()
		.prefault('100MB')
		.describe('How large a file may grow before the next is begun, a size; each day begins one too. Default: `100MB`.'),
	keep: count(1, 10_000)
		.prefault(14)
		.describe('How many files are kept, the one that is written to among them. Default: 14.'),
});
