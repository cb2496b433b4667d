namespace Saga.Workers.Database.Preparation;

/// <summary>One statement of a superuser's.</summary>
/// <param name="Database">Where it runs.</param>
/// <param name="Sql">The statement. It may be repeated.</param>
/// <param name="IsGenerator">Whether it returns further statements, which run one by one outside a transaction.</param>
internal sealed record PreparationStep(string Database, string Sql, bool IsGenerator = false);
