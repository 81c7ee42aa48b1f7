namespace OrleansDL.Serving;

/// <summary>What an input tells of the shapes of the requests it runs with. The numbers are stored: they never change.</summary>
public enum BatchInputKind
{
    /// <summary>Elements of each request.</summary>
    ElementCount = 0,

    /// <summary>Elements of each request and all before it.</summary>
    AccumulatedElementCount = 1,

    /// <summary>0, then elements of each request and all before it.</summary>
    AccumulatedElementCountWithZero = 2,

    /// <summary>Zeros, as many as the request with most elements has.</summary>
    MaximumElementCountAsShape = 3,

    /// <summary>The sizes of each row, without the batch axis, one row below the other.</summary>
    ItemShape = 4,

    /// <summary>The same, one behind the other.</summary>
    ItemShapeFlattened = 5,
}
