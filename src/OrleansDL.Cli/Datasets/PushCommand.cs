using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Datasets;

/// <summary><c>odl dataset push</c></summary>
internal static class PushCommand
{
    private static readonly Argument<string> Dataset = new("dataset") { Description = "Name or id of the dataset." };
    private static readonly Argument<string> Source = new("source") { Description = "A file, or a folder with all files in it (hidden ones are left out); for images the folders are the labels." };
    private static readonly Option<string?> Message = new("--message", "-m") { Description = "What changed." };
    private static readonly Option<string[]> Tags = new("--tag") { Description = "Tag of the new version; may be repeated.", DefaultValueFactory = _ => [] };
    private static readonly Option<string> Branch = new("--branch", "-b") { Description = "Branch to commit to.", DefaultValueFactory = _ => "main" };
    private static readonly Option<string?> Format = new("--format") { Description = "How to read the files: csv, jsonl, parquet, tar, ... Default: by their names." };
    private static readonly Option<bool?> Header = new("--header") { Description = "CSV: whether the first line names the columns. Default: found out." };
    private static readonly Option<string?> Types = new("--types") { Description = "Types of columns in place of those found, as zip=string,topics=labels." };
    private static readonly Option<string?> Path = new("--path") { Description = "Path within the dataset. Default: the file's name, or the root for a folder." };
    private static readonly Option<string?> Split = new("--split") { Description = "The split these files belong to, for example train." };
    private static readonly Option<bool> Delete = new("--delete") { Description = "Remove from the dataset what is no longer in the folder." };
    private static readonly Option<bool> Replace = new("--replace") { Description = "The new version holds only this, not the old files too." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only say what would be sent, added and removed." };

    public static Command Create()
    {
        Format.AcceptOnlyFromAmong("csv", "tsv", "jsonl", "parquet", "arrow", "npy", "idx", "webdataset", "tar", "zip", "image", "file");
        var command = new Command("push", "Bring a file or folder into a dataset as a new version; sends only what the server lacks.")
        {
            Dataset, Source, Message, Tags, Branch, Format, Header, Types, Path, Split, Delete, Replace, DryRun,
        };
        command.Aliases.Add("commit");
        return command.Does(async (session, cancel) =>
        {
            var options = new PushOptions
            {
                Branch = session.Get(Branch)!,
                Message = session.Get(Message),
                Tags = session.Get(Tags)!,
                Format = session.Get(Format),
                Header = session.Get(Header),
                Types = session.Get(Types),
                Path = session.Get(Path),
                Split = session.Get(Split),
                Delete = session.Get(Delete),
                Replace = session.Get(Replace),
                DryRun = session.Get(DryRun),
            };
            var progress = new PushView(session.Screen, session.Time);
            var result = await session.Client.Datasets.PushAsync(session.Get(Dataset), session.Get(Source), options, progress, cancel);
            session.Screen.Show(result, r => Print(session.Screen, r));
        });
    }

    private static void Print(Screen screen, PushResult result)
    {
        var what = $"{Output.Format.Count(result.Changed)} of {Output.Format.Count(result.Files)} files new or changed, {Output.Format.Count(result.Removed)} removed";
        if (result.Version is not { } version)
        {
            screen.Line($"{what}; {Output.Format.Bytes(result.SentBytes)} of {Output.Format.Bytes(result.Bytes)} would be sent. Nothing was changed.");
            return;
        }

        screen.Line($"{what}; {Output.Format.Bytes(result.SentBytes)} of {Output.Format.Bytes(result.Bytes)} sent.");
        screen.Line(
            $"{version.DatasetName} v{version.Version}: {Output.Format.Count(version.Rows)} rows in {Output.Format.Count(version.Files)} files, {Output.Format.Bytes(version.Bytes)}, commit {Output.Format.Digest(version.Commit)}.{ValidationCommands.Found(version)}");
    }
}
