// An S3 server on a free loopback port, with one bucket 'blobs'. Prints its port; ends with its standard input.
'use strict';

const S3rver = require('@20minutes/s3rver');

new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  // It signs a bucket's own requests without the slash that clients sign with.
  allowMismatchedSignatures: true,
  directory: process.argv[2],
  configureBuckets: [{ name: 'blobs', configs: [] }],
})
  .run()
  .then(({ port }) => console.log(port));

process.stdin.on('end', () => process.exit(0)).resume();
