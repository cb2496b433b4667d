namespace Saga.Workers.Database.Product;

/// <summary>A seed or a verification query of the product.</summary>
/// <param name="Path">Relative to the product's folder, such as <c>seed/basic.sql</c>.</param>
internal sealed record ProductFile(string Path, string Sql);
