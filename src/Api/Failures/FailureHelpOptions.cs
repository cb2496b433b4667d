using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Failures;

/// <summary>Where the pages about failures are. Section <c>Saga:Api</c>.</summary>
public sealed class FailureHelpOptions
{
    public const string Section = "Saga:Api";

    /// <summary>An http or https URL, or a path of this API's host, in which <c>{code}</c> stands for the failure's code.</summary>
    [Required(ErrorMessage = Rule), RegularExpression(@"(https?://[^\s{}]+)?/[^\s{}]*\{code\}[^\s{}]*", ErrorMessage = Rule)]
    public string FailureHelp { get; set; } = Failures.FailureHelp.Path;

    private const string Rule = Section + ":FailureHelp must be an http or https URL or begin with /, and contain {{code}} once, such as https://runbooks.example.com/saga/{{code}}.";
}
