"""Category suggestions, pure: words of a project, what a field's names say, a linear model, figures of precision. No Django, no database."""
