namespace Saga.Workers.Database.Preparation;

/// <summary>What the preparation of a database server makes besides the provisioner.</summary>
internal static class PreparedNames
{
    /// <summary>
    /// Reads and writes the rows of every tenant, whatever their policies say. It has no login: the provisioner becomes it for the
    /// statements that need it.
    /// </summary>
    public const string Mover = "saga_mover";

    /// <summary>The database that product databases are copied from. The functions that no tenant may call are closed in it, which only a superuser can do.</summary>
    public const string Blank = "saga_blank";
}
