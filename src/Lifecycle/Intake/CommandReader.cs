using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Saga.Contracts;
using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Contracts.CustomSteps;
using Saga.Lifecycle.Plans;

namespace Saga.Lifecycle.Intake;

/// <summary>
/// The one reader of commands, for every door. It reports all unknown fields and all values of the wrong type at once; the intake
/// validates the values. Names must match exactly. An explicit null counts as an absent field. Thread-safe.
/// </summary>
public static class CommandReader
{
    public const string Detail = "Fields are unknown or of the wrong type: see errors.";

    private const string Key = "idempotencyKey";
    private const string WholeNumberRule = "must be a whole number, without fraction and exponent";
    private static readonly string?[] NestedNamespaces = [typeof(FieldError).Namespace, typeof(CustomStep).Namespace, typeof(PlanDraft).Namespace, typeof(BatchWave).Namespace];
    private static readonly Type[] WholeNumbers = [typeof(int?), typeof(long?)];
    private static readonly JsonSerializerOptions Options = Lenient();

    /// <param name="body">A JSON object without duplicate members.</param>
    /// <param name="hasKey">Whether the door allows the idempotency key in the body.</param>
    /// <param name="given">The field that the door takes from elsewhere, such as the address, and that the body must not have; null when there is none.</param>
    /// <param name="errors">The errors; empty when the result is not null.</param>
    public static TCommand? Read<TCommand>(JsonElement body, bool hasKey, out IReadOnlyList<FieldError> errors, string? given = null)
        where TCommand : class
    {
        var known = Options.GetTypeInfo(typeof(TCommand)).Properties.Where(p => (hasKey || p.Name != Key) && p.Name != given).ToList();
        var found = new List<FieldError>();
        foreach (var field in body.EnumerateObject())
        {
            if (known.Find(p => p.Name == field.Name) is { } property)
                Check(field.Value, property.PropertyType, FieldError.PointerTo("", field.Name), found);
            else
                found.Add(new(FieldError.PointerTo("", field.Name), $"is not a field; there are {string.Join(", ", known.Select(p => p.Name))}"));
        }

        errors = found;
        return found.Count == 0 ? body.Deserialize<TCommand>(Options) : null;
    }

    private static void Check(JsonElement value, Type type, string pointer, List<FieldError> errors)
    {
        if (value.ValueKind == JsonValueKind.Null && (!type.IsValueType || Nullable.GetUnderlyingType(type) is not null))
            return;
        if (type == typeof(JsonElement) || type == typeof(JsonElement?))
            return;
        if (type == typeof(string))
            CheckText(value, pointer, errors);
        else if (type == typeof(bool) || type == typeof(bool?))
            Require(value.ValueKind is JsonValueKind.True or JsonValueKind.False, "must be true or false", pointer, errors);
        else if (WholeNumbers.Contains(type))
            Require(value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && (number is >= int.MinValue and <= int.MaxValue || type != typeof(int?)), WholeNumberRule, pointer, errors);
        else if (type == typeof(decimal?))
            Require(value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out _), "must be a number", pointer, errors);
        else if (type.IsClass && NestedNamespaces.Contains(type.Namespace))
            CheckNested(value, type, pointer, errors);
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            CheckElements(value, type.GetGenericArguments()[0], pointer, errors);
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            CheckMembers(value, type.GetGenericArguments()[1], pointer, errors);
        else
            CheckOther(value, type, pointer, errors);
    }

    private static void CheckText(JsonElement value, string pointer, List<FieldError> errors)
    {
        try
        {
            Require(value.ValueKind == JsonValueKind.String && value.GetString() is not null, "must be a string", pointer, errors);
        }
        catch (InvalidOperationException)
        {
            errors.Add(new(pointer, "contains half of a surrogate pair"));
        }
    }

    private static void CheckMembers(JsonElement value, Type type, string pointer, List<FieldError> errors)
    {
        Require(value.ValueKind == JsonValueKind.Object, "must be an object", pointer, errors);
        if (value.ValueKind != JsonValueKind.Object)
            return;
        foreach (var member in value.EnumerateObject())
            Check(member.Value, type, FieldError.PointerTo(pointer, member.Name), errors);
    }

    private static void CheckElements(JsonElement value, Type type, string pointer, List<FieldError> errors)
    {
        Require(value.ValueKind == JsonValueKind.Array, "must be a list", pointer, errors);
        if (value.ValueKind != JsonValueKind.Array)
            return;
        foreach (var (index, element) in value.EnumerateArray().Index())
            Check(element, type, FieldError.PointerTo(pointer, index.ToString(CultureInfo.InvariantCulture)), errors);
    }

    private static void CheckNested(JsonElement value, Type type, string pointer, List<FieldError> errors)
    {
        Require(value.ValueKind == JsonValueKind.Object, "must be an object", pointer, errors);
        if (value.ValueKind != JsonValueKind.Object)
            return;
        var known = Options.GetTypeInfo(type).Properties;
        foreach (var field in value.EnumerateObject())
        {
            if (known.FirstOrDefault(p => p.Name == field.Name) is { } property)
                Check(field.Value, property.PropertyType, FieldError.PointerTo(pointer, field.Name), errors);
            else
                errors.Add(new(FieldError.PointerTo(pointer, field.Name), $"is not a field; there are {string.Join(", ", known.Select(p => p.Name))}"));
        }
    }

    private static void CheckOther(JsonElement value, Type type, string pointer, List<FieldError> errors)
    {
        try
        {
            value.Deserialize(type, Options);
        }
        catch (Exception error) when (error is JsonException or FormatException or InvalidOperationException)
        {
            errors.Add(new(pointer, "is of the wrong type"));
        }
    }

    private static void Require(bool holds, string rule, string pointer, List<FieldError> errors)
    {
        if (!holds)
            errors.Add(new(pointer, rule));
    }

    // The validation reports absent fields with their rules.
    private static JsonSerializerOptions Lenient()
    {
        var options = new JsonSerializerOptions(Json.Options)
        {
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver
            {
                Modifiers =
                {
                    info =>
                    {
                        foreach (var property in info.Properties)
                            property.IsRequired = false;
                    },
                },
            },
        };
        options.MakeReadOnly();
        return options;
    }
}
