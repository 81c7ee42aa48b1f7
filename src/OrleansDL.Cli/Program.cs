using OrleansDL;

return await OdlCommand.RunAsync(args, Console.Out, Console.Error);
