// The server hands out the package's own file under this name; browsers do not know where packages are.
export * from 'lit-html';
