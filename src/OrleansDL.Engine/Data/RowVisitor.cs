namespace OrleansDL.Data;

/// <summary>Sees one row. The row is used again for the next: what must last is copied.</summary>
internal delegate void RowVisitor(Row row);
