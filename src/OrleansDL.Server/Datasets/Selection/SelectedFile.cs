namespace OrleansDL.Datasets.Selection;

/// <summary>A file that a query looks at.</summary>
/// <param name="Entry">The file.</param>
/// <param name="Commit">Number of the commit it comes from, in the order of the query's commits.</param>
/// <param name="FirstRow">Its first row in that commit's version.</param>
internal sealed record SelectedFile(DatasetEntry Entry, int Commit, long FirstRow);
