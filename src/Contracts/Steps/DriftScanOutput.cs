namespace Saga.Contracts.Steps;

/// <summary>The output of a step of a drift scan: how much was compared, and what could not be read. The findings are listed by themselves.</summary>
public sealed record DriftScanOutput
{
    /// <summary>How many things were compared.</summary>
    public int Compared { get; init; }

    public int Orphans { get; init; }

    public int Missing { get; init; }

    public int Different { get; init; }

    /// <summary>How many were left alone, because an operation of their tenant or server is or was under way.</summary>
    public int LeftAlone { get; init; }

    /// <summary>What could not be read. Earlier findings about it stay as they are.</summary>
    public IReadOnlyList<UnreadSystem> Unread { get; init; } = [];
}

/// <summary>Something that a drift scan could not read.</summary>
public sealed record UnreadSystem
{
    /// <summary>The database server; null for all that the step lists.</summary>
    public string? Server { get; init; }

    /// <summary>The database on the server; null for the whole server.</summary>
    public string? Database { get; init; }

    /// <summary>Why, and what can be done.</summary>
    public required Failure Failure { get; init; }
}
