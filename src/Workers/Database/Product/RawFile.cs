namespace Saga.Workers.Database.Product;

/// <summary>A file whose name ends in <c>.sql</c>, or <see cref="ProductExport.File"/>, as it is in a product's folder or package.</summary>
/// <param name="Path">From the top, with slashes, such as <c>seed/basic.sql</c>. In a package it may be anything; nothing is written to it.</param>
/// <param name="Bytes">Null when the file has more than <see cref="MaxBytes"/>.</param>
internal sealed record RawFile(string Path, byte[]? Bytes)
{
    public const int MaxBytes = 4 << 20;

    /// <param name="path">From the top.</param>
    public static bool IsWanted(string path) => path.EndsWith(".sql", StringComparison.OrdinalIgnoreCase) || path == ProductExport.File;
}
