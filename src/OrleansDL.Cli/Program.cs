using OrleansDL;
using OrleansDL.Nodes;

await Node.RunAsync(
    new NodeOptions { Server = true, Worker = true, DataDirectory = args.Length > 0 ? args[0] : null, Database = args.Length > 1 ? args[1] : null, HttpUrl = "http://127.0.0.1:8123" },
    CancellationToken.None);
return 0;
