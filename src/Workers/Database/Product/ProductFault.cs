namespace Saga.Workers.Database.Product;

/// <summary>Something in a product's files that the platform does not take.</summary>
/// <param name="File">Relative to the product's folder; empty when it is in no particular file.</param>
/// <param name="Line">0 when it is on no particular line.</param>
/// <param name="Message">A sentence: what is wrong, and what to do.</param>
internal sealed record ProductFault(string File, int Line, string Message)
{
    public override string ToString() => this switch
    {
        { File.Length: 0 } => Message,
        { Line: 0 } => $"{File}: {Message}",
        _ => FormattableString.Invariant($"{File}:{Line}: {Message}"),
    };
}
