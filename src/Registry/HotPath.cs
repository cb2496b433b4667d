namespace Saga.Registry;

/// <summary>For statements that run thousands of times a second and always find their rows by key.</summary>
public static class HotPath
{
    /// <summary>
    /// To be run first in the transaction. A statement prepared while its tables were small keeps the plan of that
    /// moment, which reads them whole, until somebody analyzes them: a new registry would grow slow within a minute.
    /// Returns one row.
    /// </summary>
    public const string ByIndex =
        "select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)";
}
