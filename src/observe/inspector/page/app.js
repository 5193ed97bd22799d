import { Actions } from './actions.js';
import { Announcer } from './announcer.js';
import { chains } from './chain.js';
import { Connection } from './connection.js';
import { Dialogs } from './dialogs.js';
import { header } from './header.js';
import { adminKey } from './keys.js';
import { overviewOf } from './overview.js';
import { providers } from './providers.js';
import { Requests } from './requests.js';
import { Store } from './store.js';
import { Theme } from './theme.js';
import { html, render } from './vendor/lit-html.js';

/**
 * @typedef {import('../messages.ts').Snapshot} Snapshot
 * @typedef {import('../messages.ts').Changes} Changes
 */

/** Counting down needs no more. */
const tickMs = 500;

const root = document.getElementById('page') ?? document.body;
const store = new Store();
const announcer = new Announcer();
let isDue = false;

/** Draws with the next frame, however often it is asked. */
function changed() {
	if (isDue) return;
	isDue = true;
	requestAnimationFrame(() => {
		isDue = false;
		draw();
	});
}

const theme = new Theme(changed);
const requests = new Requests(changed);
const dialogs = new Dialogs({
	changed: draw,
	keyGiven: (action) => {
		if (action !== undefined) void actions.send(action);
		connection.retryNow();
	},
	confirmed: (action) => void actions.send(action),
});
const actions = new Actions({
	changed,
	keyNeeded: (action, problem) => dialogs.open({ kind: 'key', action, problem }),
	confirm: (action) => dialogs.open({ kind: 'trip', action }),
	announce: (text) => announcer.say(text),
});
const connection = new Connection({
	key: () => adminKey.get(),
	keyRefused: () => adminKey.forget(),
	status: () => {
		const { phase } = connection.status;
		if (phase === 'lost') announcer.say('The connection to Breakwater is lost.');
		changed();
	},
	event: (name, data) => {
		if (name === 'snapshot') store.begin(/** @type {Snapshot} */ (data));
		if (name === 'changes') announcer.tell(store.apply(/** @type {Changes} */ (data)));
		changed();
	},
});

function draw() {
	const { snapshot } = store;
	const isLive = connection.status.phase === 'live';
	// What is not live does not count down either.
	const now = isLive || snapshot === undefined ? store.now : store.lastHeard;
	const calls = store.calls;
	const askKey = () => dialogs.open({ kind: 'key', action: undefined, problem: '' });
	const body =
		snapshot === undefined
			? html`<p class="quiet empty">Waiting for Breakwater…</p>`
			: html`${chains(snapshot, now)} ${providers(snapshot, now, actions, (id) => dialogs.open({ kind: 'chart', id }))}
				${requests.view(snapshot, calls, now, ({ key }) => dialogs.open({ kind: 'trace', key }))}`;
	render(
		html`${header({ snapshot, now, connection, theme: theme.view(), askKey })}
			<main id="main" tabindex="-1" data-live=${String(isLive)}>${body}</main>
			${dialogs.view(snapshot, calls, now)}`,
		root,
	);
	document.title = titleOf(snapshot, isLive);
}

/**
 * @param {Snapshot | undefined} snapshot
 * @param {boolean} isLive
 */
function titleOf(snapshot, isLive) {
	if (!isLive) return 'Breakwater (not connected)';
	if (snapshot === undefined) return 'Breakwater';
	const { unservable, notClosed, unavailable } = overviewOf(snapshot, store.now);
	if (unservable.length > 0)
		return `(!) ${unservable.length === 1 ? 'A profile' : `${unservable.length} profiles`} down · Breakwater`;
	const count = notClosed.length + unavailable.length;
	return count === 0 ? 'Breakwater' : `(${count}) Breakwater`;
}

draw();
connection.retryNow();
setInterval(changed, tickMs);
