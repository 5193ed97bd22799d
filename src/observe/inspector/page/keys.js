/**
 * The admin key, for as long as this tab is open: in sessionStorage and nowhere else, never in an address.
 */
const place = 'breakwater.adminKey';

export const adminKey = {
	/** @returns {string | undefined} */
	get() {
		return sessionStorage.getItem(place) ?? undefined;
	},

	/** @param {string} key */
	set(key) {
		sessionStorage.setItem(place, key);
	},

	forget() {
		sessionStorage.removeItem(place);
	},
};
