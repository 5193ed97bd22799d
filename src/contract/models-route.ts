/** What observers and callers see as the route of a request that named its own chain in `models`. */
export const modelsRoute = 'models';
