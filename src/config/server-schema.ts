import { budget } from './budget-schema.ts';
import { defaultAddress } from './default-address.ts';
import {
	count,
	defaulted,
	duration,
	filled,
	flag,
	list,
	oneOf,
	oneOrMany,
	section,
	size,
	table,
	text,
	textThat,
} from './fields.ts';
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
	tokensPerMinute: count(1, 1_000_000_000)
		.exactOptional()
		.describe(
			'How many tokens it may use in a minute, prompts and answers: a request counts for what its prompt is estimated to have, and for what was used once that is known; what would be more is answered with 429. Default: no limit.',
		),
	concurrent: count(1, 1_000_000)
		.exactOptional()
		.describe('How many requests it may have in flight; more are answered with 429. Default: no limit.'),
	profiles: list(name, 1000, 'write names of profiles')
		.exactOptional()
		.describe(
			'The profiles that it may ask, and with them the targets in their chains; a request that names none goes to the first of them, unless `default` is one. Default: all.',
		),
	budget: budget.exactOptional().describe('What its requests may cost. Default: no limit.'),
});

const clients = filled(table(name, client), 'is empty; add a client with its key, or remove it').refine(
	(entries) => Object.keys(entries).length <= 1000,
	{ error: 'has more than 1000 clients; remove some' },
);

const limits = section({
	requests: defaulted(
		count(1, 1_000_000),
		4096,
		'Requests in flight; more are answered with 503 and `Retry-After` at once. A count.',
	),
	connections: defaulted(count(1, 1_000_000), 8192, 'Connections of callers, with the same answer for more. A count.'),
	memory: defaulted(
		size(),
		'128MB',
		'What requests in flight hold, a size: bodies and documents (three times), and streams that are held back; at most a quarter of the heap.',
	),
	eventLoopLag: defaulted(
		duration(),
		'1s',
		'How late the process may be with everything, for three quarters of a second or more, before it takes on nothing new, a duration.',
	),
	connectionsPerAddress: count(1, 1_000_000)
		.exactOptional()
		.describe(
			'How many connections one address may have at once; more are answered with 429 and closed. Default: no limit, since many callers may come through one proxy.',
		),
});

const hostName = textThat(
	(value) => /^([\w-]+(\.[\w-]+)*|\[[\da-f:.]+\])$/i.test(value),
	'is not the name of a host; write it without scheme, port and path, such as `gateway.lan`',
);

const origin = textThat(
	(value) => value === '*' || /^[a-z][a-z\d+.-]*:\/\/[^\s/?#*]+$/i.test(value),
	'is not an origin; write scheme, host and port without a path, such as `http://localhost:3000`, or `"*"`',
);

export const server = section({
	host: defaulted(
		text(),
		defaultAddress.host,
		'The address to listen on; `0.0.0.0` opens it to the network, which needs `clients`.',
	),
	port: defaulted(count(0, 65_535), defaultAddress.port, 'The TCP port to listen on; 0 is any free one.'),
	hosts: list(hostName, 100, 'write names such as `gateway.lan`')
		.exactOptional()
		.describe(
			'Further names under which this machine may be called while `clients` is not set, beside `localhost`, loopback addresses and `host.docker.internal`. Default: none.',
		),
	corsOrigins: list(origin, 100, 'write origins such as `http://localhost:3000`')
		.exactOptional()
		.describe(
			'The origins of web pages whose scripts may call, such as `http://localhost:3000`; `"*"`, which needs `clients`, is every one. Default: none.',
		),
	clients: clients
		.exactOptional()
		.describe(
			'Who may call, by a name of your choice that logs and metrics show. Default: anyone, but from this machine only.',
		),
	adminKey: callerKey
		.exactOptional()
		.describe(
			'The bearer token of the admin API under `/admin`, of at least 16 characters. Default: none, and the admin API is shut.',
		),
	adminFrom: defaulted(
		oneOf(['loopback', 'anywhere']),
		'loopback',
		'From where the admin API may be used: this machine only, or wherever its key is known.',
	),
	monitoringKey: callerKey
		.exactOptional()
		.describe(
			'The bearer token that `/metrics` and `/health` ask for from other machines, of at least 16 characters. Default: none, and they are open.',
		),
	tls: section({
		cert: text().describe(
			'The file of the certificate in PEM, those of its issuers behind it, from the working directory. Required.',
		),
		key: text().describe('The file of its key in PEM. Required.'),
	})
		.exactOptional()
		.describe(
			'The certificate with which it speaks https; renewed files are taken over. Default: none, and it speaks http.',
		),
	timeouts: section({
		head: defaulted(duration(), '15s', 'How long the head of a request may take to come, a duration.'),
		body: defaulted(
			duration(),
			'30s',
			'How long its body may take, a duration; and a second longer for each 16 KB that have come.',
		),
	})
		.prefault({})
		.describe('How long requests may take to come; those that do not are answered with 408.'),
	bodyLimit: defaulted(size(), '20MB', 'The largest request body, a size.'),
	answerLimit: defaulted(size(), '64MB', 'The largest answer taken from a provider, a size.'),
	limits: limits.prefault({}).describe('How much this process takes on at once.'),
	unknownModel: defaulted(
		oneOf(['default', 'reject']),
		'default',
		'What happens to a `model` that is no profile and no target: it goes to the default profile, or is refused.',
	),
	repairJson: defaulted(
		flag(),
		false,
		'Whether a request body that is not quite JSON (single quotes, a comma too many, a missing bracket) is repaired instead of refused.',
	),
	drainDelay: defaulted(
		duration({ zero: true }),
		'0s',
		'How long new requests are still taken after a signal to stop, while `/ready` already fails, a duration.',
	),
	drainTimeout: defaulted(duration({ zero: true }), '30s', 'How long open requests may go on after that, a duration.'),
});

export const logs = section({
	folder: defaulted(
		text(),
		'logs',
		'The folder of the log files, from the working directory; it is made when missing.',
	),
	maxSize: defaulted(
		size(),
		'100MB',
		'How large a file may grow before the next is begun, a size; each day begins one too.',
	),
	keep: defaulted(count(1, 10_000), 14, 'How many files are kept, the one that is written to among them.'),
});
