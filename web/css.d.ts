// What Vite makes of a stylesheet's import: nothing but its effect.
declare module '*.css'
